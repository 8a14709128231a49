/** Every Worker of the benchmark that is not the gateway, as entrypoints of one bundle. */
export { default } from "./hello.tsx";
export { large, small, usual } from "./bare.ts";
export { cache } from "./cache.ts";
export { Limit } from "./limit.ts";
export { queue } from "./queue.ts";
