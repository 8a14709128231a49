import type { FC } from "hono/jsx";
import type { TenantWindows } from "../../core/tenant-windows.ts";
import { windowNames, type WindowName, type Windows } from "../../core/windows.ts";
import { CsrfField } from "../session/form.tsx";
import type { Guarded } from "../session/request.ts";
import { Table } from "../table.tsx";
import { typedNumber } from "./typed-number.ts";

type Usual = Readonly<Record<WindowName, Windows>>;

type Props = {
  readonly by: Guarded;
  readonly own: TenantWindows;
  /** The deployment's, which bound the tenant's own. */
  readonly usual: Usual;
  /** What was typed in before it was refused. */
  readonly given: URLSearchParams;
};

const PARTS = ["fresh", "stale"] as const;

/** What `/v1` takes: the classes of which anything is filled in, and null when none is. What is not a number it refuses by name. */
export function windowsAsked(form: URLSearchParams): Readonly<Record<string, unknown>> | null {
  const filled = windowNames.flatMap((name) => {
    const [fresh = "", stale = ""] = PARTS.map((part) => (form.get(`${name}.${part}`) ?? "").trim());
    return fresh === "" && stale === ""
      ? []
      : [[name, { fresh_seconds: typedNumber(fresh), stale_seconds: typedNumber(stale) }]];
  });
  return filled.length === 0 ? null : Object.fromEntries(filled);
}

/** How fresh answers are to be, by class: fresher than everybody's and never less fresh. */
export const WindowsForm: FC<Props> = ({ by, own, usual, given }) => (
  <>
    <h2>Freshness</h2>
    <form method="post" action="/dashboard/settings">
      <CsrfField by={by} />
      <input type="hidden" name="windows" value="all" />
      <p class="quiet">
        Seconds for which an answer is fresh, and for which it is served once more after that while it is refreshed. You
        may have less than everybody, which costs more credits, and never more. Fill in both; what is left empty is as
        for everybody.
      </p>
      <Table
        caption="Windows by class, seconds"
        columns={[
          { head: "Class" },
          { head: "Fresh" },
          { head: "At most", isNumber: true },
          { head: "Stale" },
          { head: "At most", isNumber: true },
        ]}
        rows={windowNames.map((name) => [
          name,
          <Seconds name={name} part="fresh" own={own} given={given} />,
          Math.floor(usual[name].freshMs / 1_000),
          <Seconds name={name} part="stale" own={own} given={given} />,
          Math.floor(usual[name].staleMs / 1_000),
        ])}
      />
      <button type="submit">Change freshness</button>
    </form>
  </>
);

type SecondsProps = Pick<Props, "own" | "given"> & { readonly name: WindowName; readonly part: (typeof PARTS)[number] };

const Seconds: FC<SecondsProps> = ({ name, part, own, given }) => {
  const field = `${name}.${part}`;
  const current = given.get(field) ?? String(own[name]?.[`${part}_seconds`] ?? "");
  return <input name={field} inputmode="numeric" value={current} aria-label={`${name}, seconds ${part}`} />;
};
