import type { HashtagHistory, HashtagRecord } from "../../src/core/hashtag-history.ts";

/** What hashtags counted, in memory: it passes the contract of the real one. */
export function memoryHashtagHistory(): HashtagHistory & { readonly noted: HashtagRecord[] } {
  const noted: HashtagRecord[] = [];
  const byDay = (records: readonly HashtagRecord[]) => records.toSorted((a, b) => (a.day < b.day ? -1 : 1));
  return {
    noted,
    async note(record) {
      if (!noted.some(({ id, day }) => id === record.id && day === record.day)) noted.push(record);
    },
    async of(id, most) {
      const days = byDay(noted.filter((record) => record.id === id)).slice(-most);
      return days.map(({ day, users, views }) => ({ day, users, views }));
    },
    async rising(since, most) {
      const known = Map.groupBy(byDay(noted.filter(({ day }) => day >= since)), ({ id }) => id);
      const rising = Array.from(known.values()).flatMap((days) => {
        const [first, last] = [days[0], days.at(-1)];
        if (first === undefined || last === undefined) return [];
        return [{ ...last, growth: first === last ? null : last.views / Math.max(first.views, 1) }];
      });
      return rising
        .toSorted((a, b) => (b.growth ?? -1) - (a.growth ?? -1) || b.users - a.users || (a.name < b.name ? -1 : 1))
        .slice(0, most);
    },
  };
}
