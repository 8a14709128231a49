import type { FC } from "hono/jsx";
import { Page } from "../layout.tsx";
import type { Attempt } from "./attempts.ts";
import { TryForm, TryTerms } from "./form.tsx";
import type { Chosen } from "./samples.ts";

/** Longer bodies are shown as far as this, characters. */
const MOST_SHOWN = 20_000;

type Props = {
  readonly isOpen: boolean;
  readonly origin: string;
  /** What was asked, and what came of it; nothing before somebody has asked. */
  readonly tried?: { readonly chosen: Chosen; readonly attempt: Attempt } | undefined;
};

/** What the gateway said to a call, as a program would have seen it. */
export const TryPage: FC<Props> = ({ isOpen, origin, tried }) => (
  <Page title="Try it" description="A call to this gateway, and what it answers.">
    <h1>Try it</h1>
    <TryForm isOpen={isOpen} chosen={tried?.chosen} />
    <TryTerms isOpen={isOpen} />
    {tried === undefined ? null : <Result {...tried} origin={origin} />}
  </Page>
);

const Result: FC<Omit<Props, "isOpen" | "tried"> & NonNullable<Props["tried"]>> = ({ origin, chosen, attempt }) => (
  <>
    <h2>The answer</h2>
    <dl class="facts">
      <Fact name="Status" value={String(attempt.status)} />
      {attempt.fields.map(([name, value]) => (
        <Fact name={name} value={value} />
      ))}
      <Fact name="Time" value={`${attempt.tookMs} ms`} />
    </dl>
    <Body text={attempt.body} />
    <h2>The same from a program</h2>
    <pre tabindex={0}>{`curl -i '${origin}${chosen.target}' -H 'X-Api-Key: tke_live_…'`}</pre>
  </>
);

const Fact: FC<{ readonly name: string; readonly value: string }> = ({ name, value }) => (
  <div>
    <dt>{name}</dt>
    <dd>
      <code>{value}</code>
    </dd>
  </div>
);

const Body: FC<{ readonly text: string }> = ({ text }) => {
  const shown = formatted(text);
  const isCut = shown.length > MOST_SHOWN;
  return (
    <>
      <pre class="body" tabindex={0} role="region" aria-label="Body of the answer">
        {shown.slice(0, MOST_SHOWN)}
      </pre>
      {isCut ? <p class="quiet">The rest of its {shown.length} characters is left out here.</p> : null}
    </>
  );
};

/** With a line for each thing in it; what is no JSON as it came. */
function formatted(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
