import type { FC } from "hono/jsx";
import { Page } from "./layout.tsx";

/** What this deployment is, for who comes without knowing. */
export const FrontPage: FC = () => (
  <Page
    title="TikTok data, each credit spent once"
    description="A gateway in front of TikLiveAPI: cached answers, exact credits, tenants kept apart."
    isPublic
  >
    <section class="hero">
      <h1>TikTok data, each credit spent once</h1>
      <p class="lead">
        This is a gateway in front of TikLiveAPI. Most calls are answered from its caches, what is spent is booked to
        the credit, and no tenant sees another's data. A client of the upstream works here unchanged, with another base
        URL and key.
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
  </Page>
);
