import type { FC } from "hono/jsx";
import { Page } from "./layout.tsx";
import { TryForm, TryTerms } from "./try/form.tsx";

/** What the deployment promises, in the order in which somebody asks. */
const PROMISES = [
  {
    title: "Drop-in",
    text: "A client of the upstream works unchanged when its base URL and key change: same paths, same bytes.",
  },
  {
    title: "Spent once",
    text: "However many ask for the same at once: one upstream call, one credit, booked to the tenant that spent it.",
  },
  {
    title: "Truthful",
    text: "Each answer says where it came from and how old it is. Errors are never cached as answers.",
  },
  {
    title: "Kept apart",
    text: "No tenant sees another's data, and cached answers are served while what stands behind them is down.",
  },
] as const;

type Props = { readonly isOpen: boolean; readonly origin: string };

/** What this deployment is, for who comes without knowing. */
export const FrontPage: FC<Props> = ({ isOpen, origin }) => (
  <Page
    title="TikTok data, each credit spent once"
    description="A gateway in front of TikLiveAPI: cached answers, exact credits, tenants kept apart."
    isPublic
  >
    <section class="hero">
      <h1>TikTok data, each credit spent once</h1>
      <p class="lead">
        This is a gateway in front of TikLiveAPI. Most calls are answered from its caches, what is spent is booked to
        the credit, and no tenant sees another's data.
      </p>
      <p class="actions">
        <a class="button" href="/dashboard">
          Dashboard
        </a>
        <a class="button plain" href="/docs/">
          Reference
        </a>
        <a class="button plain" href="/tags">
          Hashtags
        </a>
      </p>
    </section>
    <section class="card" aria-labelledby="try">
      <h2 id="try">Try a call</h2>
      <TryForm isOpen={isOpen} />
      <TryTerms isOpen={isOpen} />
    </section>
    <h2>What it promises</h2>
    <ul class="cards even">
      {PROMISES.map(({ title, text }) => (
        <li class="card">
          <h3>{title}</h3>
          <p>{text}</p>
        </li>
      ))}
    </ul>
    <h2>From a program</h2>
    <pre tabindex={0}>{`curl -i '${origin}/userid/?username=tiktok' -H 'X-Api-Key: tke_live_…'`}</pre>
    <p>
      Whether everything behind it answers is at <a href="/healthz">/healthz</a>.
    </p>
  </Page>
);
