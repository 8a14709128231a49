import { relative } from "node:path";
import { BODY_SIZES } from "./in-workerd/bodies.ts";

/** A gateway of its own for one class of requests. */
export type Gateway = { readonly name: string; readonly settings: Readonly<Record<string, string>> };

export type Fleet = {
  readonly gatewayFile: string;
  /** The bundle of everything that is not the gateway: see `in-workerd/index.ts`. */
  readonly besideFile: string;
  readonly gateways: readonly Gateway[];
  /** What all gateways and the hello have in common. */
  readonly settings: Readonly<Record<string, string>>;
  readonly compatibilityDate: string;
};

const QUEUES = ["USAGE_QUEUE", "CONTROL_QUEUE", "REFRESH_QUEUE"];

/**
 * One workerd with every Worker of the benchmark, each on a socket of its own whose port it chooses. Nothing stands before a gateway, as
 * on Cloudflare: `wrangler dev` and miniflare put Workers of their own there, which cost more than a hit. `dir` is where the
 * configuration will be: it names the bundles from there.
 */
export function workerdConfig(dir: string, fleet: Fleet): string {
  const { gatewayFile, besideFile, gateways, settings, compatibilityDate } = fleet;
  const worker = (file: string, more: readonly string[]) =>
    `(modules = [(name = "worker", esModule = embed ${text(relative(dir, file))})], compatibilityDate = ${text(compatibilityDate)}${more.map((each) => `, ${each}`).join("")})`;
  const beside = (name: string, more: readonly string[] = []) => service(name, worker(besideFile, more));
  const cached = 'cacheApiOutbound = (name = "cache", entrypoint = "cache")';
  const queues = QUEUES.map((name) => binding(name, 'queue = (name = "queue", entrypoint = "queue")'));
  const limit = binding("UNIDENTIFIED_LIMIT", 'service = (name = "limit", entrypoint = "Limit")');
  const services = [
    '(name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true)))',
    ...["bare", "queue", "limit", "cache"].map((name) => beside(name)),
    beside("hello", [cached, bindings(texts(settings))]),
    ...gateways.map((each) => {
      const all = [...queues, limit, ...texts({ ...settings, ...each.settings })];
      return service(each.name, worker(gatewayFile, [cached, bindings(all)]));
    }),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${services.join(",\n    ")}
  ],
  sockets = [
    ${socketsOf(fleet).join(",\n    ")}
  ]
);
`;
}

/** The sockets, named as the Workers behind them. */
export function socketsOf({ gateways }: Fleet): readonly string[] {
  return [
    ...BODY_SIZES.map((size) => socket(size, `(name = "bare", entrypoint = ${text(size)})`)),
    socket("queue", '(name = "queue", entrypoint = "queue")'),
    ...["hello", ...gateways.map(({ name }) => name)].map((name) => socket(name, `(name = ${text(name)})`)),
  ];
}

function service(name: string, worker: string): string {
  return `(name = ${text(name)}, worker = ${worker})`;
}

function socket(name: string, to: string): string {
  return `(name = ${text(name)}, address = "127.0.0.1:0", http = (), service = ${to})`;
}

function bindings(all: readonly string[]): string {
  return `bindings = [${all.join(", ")}]`;
}

function texts(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).map(([name, value]) => binding(name, `text = ${text(value)}`));
}

function binding(name: string, value: string): string {
  return `(name = ${text(name)}, ${value})`;
}

/** Cap'n Proto writes quotes and backslashes as JSON does; its other escapes are not needed for settings. */
function text(value: string): string {
  return JSON.stringify(value);
}
