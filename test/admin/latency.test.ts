import { expect, it } from "vitest";
import type { BookedLatency } from "../../src/core/latency.ts";
import type { Span } from "../../src/core/usage-figures.ts";
import { controlPlane, TENANT } from "../support/control-plane.ts";

const rows: BookedLatency["rows"] = [{ tier: "memory", bucket: 0, requests: 3 }];

/** Asks on 31 January 2026; tells what was asked of the books. */
async function latency(query: string, booked: BookedLatency | undefined = { rows }) {
  const asked: Span[] = [];
  const books = async (_tenantId: string, span: Span) => {
    asked.push(span);
    return booked;
  };
  const ask = controlPlane({ statements: { latency: books } });
  return { asked, ...(await ask("GET", `/v1/latency${query}`, { tenant: TENANT })) };
}

it("is of this month when nothing is said, and tells p50, p95 and p99 of each tier and of all", async () => {
  const { status, asked, body } = await latency("");
  const span = { from: "2026-01-01", to: "2026-01-31" };
  const figures = { count: 3, p50_ms: 0, p95_ms: 0, p99_ms: 0 };
  expect([status, asked]).toEqual([200, [span]]);
  expect(body).toEqual({ ...span, data: [{ group: "memory", ...figures }], total: figures });
});

it("has no figures where nothing was served, for nobody knows them", async () => {
  const { body } = await latency("?from=2026-01-02&to=2026-01-02", { rows: [] });
  expect(body).toMatchObject({ data: [], total: { count: 0, p50_ms: null, p95_ms: null, p99_ms: null } });
});

it.each([
  { query: "?from=2026-01-02&to=2026-01-01", name: "from", reason: "is after 2026-01-01" },
  { query: "?from=2025-01-01&to=2026-01-02", name: "from", reason: "is more than 366 days before 2026-01-02" },
  { query: "?group=day", name: "group", reason: "is not known" },
])("refuses $query by name, before the books are asked", async ({ query, name, reason }) => {
  const { status, body, asked } = await latency(query);
  expect([status, body["invalid_parameters"], asked]).toEqual([400, [{ name, reason }], []]);
});
