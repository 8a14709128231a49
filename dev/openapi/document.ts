import { callPaths, callTags } from "./calls.ts";
import { components, type Json } from "./components.ts";
import { operationPaths, operationTags, type RouteDescription } from "./operations.ts";

export type Documented = {
  readonly version: string;
  /** Every route but the data plane's, which is the table of endpoints. */
  readonly routes: readonly RouteDescription[];
  /** The control plane's things, by name. */
  readonly schemas: Readonly<Record<string, Json>>;
};

export type OpenApiDocument = {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Json>>;
  readonly components: Json;
} & Json;

/** The OpenAPI 3.1 document of the whole gateway. Made when the Worker is built: nothing of it is in the Worker. */
export function openApiDocument({ version, routes, schemas }: Documented): OpenApiDocument {
  return {
    openapi: "3.1.1",
    info: {
      title: "Tikedge",
      version,
      description:
        "The upstream's endpoints with the upstream's answers, byte for byte, and the control plane under `/v1`. " +
        "Whatever is refused is a problem (RFC 9457) and costs nothing.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{ Bearer: [] }, { ApiKey: [] }],
    tags: [...callTags, ...operationTags],
    paths: { ...callPaths(), ...operationPaths(routes) },
    components: components(schemas),
  };
}
