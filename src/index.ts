export default { fetch: () => new Response("x") } satisfies ExportedHandler<Env>;
