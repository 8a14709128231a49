import type { FC } from "hono/jsx";
import { CsrfField } from "../session/form.tsx";
import type { Guarded } from "../session/request.ts";
import { typedNumber } from "./typed-number.ts";

type Props = {
  readonly by: Guarded;
  /** What was typed in before it was refused. */
  readonly given: URLSearchParams;
};

const PERMISSIONS = {
  data: "call the endpoints",
  refresh: "demand answers newer than the cache's, which costs credits",
  manage: "manage this tenant: everything that this dashboard does",
} as const;

/** What a form asks for becomes what `/v1` takes. What is wrong with it, `/v1` says. */
export function newKeyOf(form: URLSearchParams): Readonly<Record<string, unknown>> {
  const name = (form.get("name") ?? "").trim();
  const endpoints = listOf(form.get("endpoints"));
  const day = form.get("expires") ?? "";
  const both = {
    ...(name === "" ? {} : { name }),
    ...(day === "" ? {} : { expires_at: `${day}T00:00:00Z` }),
  };
  if (form.get("kind") !== "publishable")
    return { ...both, permissions: form.getAll("permissions"), ...(endpoints.length === 0 ? {} : { endpoints }) };
  const daily = (form.get("daily_requests") ?? "").trim();
  return {
    ...both,
    kind: "publishable",
    origins: listOf(form.get("origins")),
    endpoints,
    ...(daily === "" ? {} : { daily_requests: typedNumber(daily) }),
  };
}

/** What stands in lines, or between spaces or commas. */
function listOf(text: string | null): readonly string[] {
  return (text ?? "").split(/[\s,]+/).filter((word) => word !== "");
}

/** A key for servers. */
export const SecretKeyForm: FC<Props> = ({ by, given }) => (
  <details open={given.get("kind") === "secret"}>
    <summary>Issue a secret key, for servers</summary>
    <form method="post" action="/dashboard/keys">
      <CsrfField by={by} />
      <input type="hidden" name="kind" value="secret" />
      <Name given={given} />
      <fieldset>
        <legend>It may</legend>
        {Object.entries(PERMISSIONS).map(([permission, words]) => (
          <p>
            <label>
              <input
                type="checkbox"
                name="permissions"
                value={permission}
                checked={given.has("kind") ? given.getAll("permissions").includes(permission) : permission === "data"}
              />{" "}
              <code>{permission}</code>: {words}
            </label>
          </p>
        ))}
      </fieldset>
      <Endpoints given={given} hint="One a line. Empty: all of them." />
      <Expires given={given} />
      <Cost />
      <button type="submit">Issue secret key</button>
    </form>
  </details>
);

/** A key for pages, where everybody can read it. */
export const PublishableKeyForm: FC<Props> = ({ by, given }) => (
  <details open={given.get("kind") === "publishable"}>
    <summary>Issue a publishable key, for web pages</summary>
    <form method="post" action="/dashboard/keys">
      <CsrfField by={by} />
      <input type="hidden" name="kind" value="publishable" />
      <Name given={given} />
      <label class="field">
        <span>Origins whose pages may use it</span>
        <textarea name="origins" rows={2} required spellcheck={false}>
          {given.get("origins") ?? ""}
        </textarea>
        <span class="hint">One a line, such as https://app.example.com.</span>
      </label>
      <Endpoints
        given={given}
        hint="One a line, such as /userid/. At least one: everybody who sees the page has the key."
      />
      <label class="field">
        <span>Requests a day</span>
        <input
          name="daily_requests"
          type="number"
          min={1}
          max={100_000}
          value={given.get("daily_requests") ?? "1000"}
        />
      </label>
      <Expires given={given} />
      <Cost />
      <button type="submit">Issue publishable key</button>
    </form>
  </details>
);

const Name: FC<Pick<Props, "given">> = ({ given }) => (
  <label class="field">
    <span>Name</span>
    <input name="name" maxlength={100} value={given.get("name") ?? ""} />
    <span class="hint">What it is for, so that you find it again.</span>
  </label>
);

const Endpoints: FC<Pick<Props, "given"> & { readonly hint: string }> = ({ given, hint }) => (
  <label class="field">
    <span>Endpoints</span>
    <textarea name="endpoints" rows={2} spellcheck={false}>
      {given.get("endpoints") ?? ""}
    </textarea>
    <span class="hint">{hint}</span>
  </label>
);

const Expires: FC<Pick<Props, "given">> = ({ given }) => (
  <label class="field">
    <span>Ends on</span>
    <input name="expires" type="date" value={given.get("expires") ?? ""} />
    <span class="hint">At the beginning of that day, UTC. Empty: it lasts until it is revoked.</span>
  </label>
);

const Cost: FC = () => <p class="quiet">Issuing costs no credits. The key is shown once, on the next page.</p>;
