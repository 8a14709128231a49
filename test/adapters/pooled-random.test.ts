import { expect, it, vi } from "vitest";
import { pooledRandom } from "../../src/adapters/pooled-random.ts";

it("gives nobody the same bytes twice, over many pools and whatever sizes are asked for", () => {
  const random = pooledRandom();
  const given = Array.from({ length: 5_000 }, (_, at) => Buffer.from(random(8 + (at % 5))));
  expect(new Set(given.map((bytes) => bytes.subarray(0, 8).toString("hex"))).size).toBe(given.length);
  expect(given.map(({ length }) => length)).toEqual(given.map((_, at) => 8 + (at % 5)));
});

it("asks the platform once for hundreds of ids", () => {
  const platform = vi.spyOn(crypto, "getRandomValues");
  const random = pooledRandom();
  for (let id = 0; id < 400; id += 1) random(10);
  expect(platform).toHaveBeenCalledTimes(1);
  platform.mockRestore();
});

it("has as many bytes as are asked for, even more than it takes at once", () => {
  expect(pooledRandom()(10_000)).toHaveLength(10_000);
});
