import type { Outcome } from "./charge.ts";
import type { UsageEvent } from "./usage.ts";

/** What a tenant may spend in a UTC day and in a UTC month, credits; null is no such quota. */
export type Quotas = { readonly daily: number | null; readonly monthly: number | null };

/** What a tenant has spent, reserved or left in doubt in the current UTC day and month of the ledger's clock, credits. */
export type Spent = { readonly daily: number; readonly monthly: number };

/** Who goes first where an upstream key has little left: a person who waits, then what keeps answers fresh, then what no tenant asked for. */
export type Priority = "interactive" | "refresh" | "warm";

/** An upstream key that a dispatch may go out on. */
export type Candidate = {
  /** Names the key in the ledger. */
  readonly id: string;
  /** How many dispatches a minute it is good for. */
  readonly cap: number;
};

export type Reserve = {
  readonly tenantId: string;
  readonly endpoint: string;
  readonly credits: number;
  readonly requestId: string;
  readonly quotas: Quotas;
  readonly priority: Priority;
  /** How long the caller would wait for the upstream key to have room, milliseconds; 0 is not at all. */
  readonly patienceMs: number;
  /** Names the call: while somebody holds its lease, nobody else reserves for it. Null is a call whose answer is not shared. */
  readonly lease: string | null;
  /** The note that an answer was stored after which this request has looked again and found none that it wants; null for none. */
  readonly lookedAfter: string | null;
  /** At least one; the ledger picks. */
  readonly candidates: readonly Candidate[];
  /** 20 lower-case hex digits, of which an id holds the first 19: the same bits reserve once and return the same event id and key. */
  readonly randomBits: string;
};

/** A reservation as the ledger keeps it while it is open. */
export type OpenReservation = Pick<Reserve, "tenantId" | "endpoint" | "credits" | "requestId"> & {
  readonly upstreamKeyId: string;
  readonly eventId: string;
  readonly occurredAtMs: number;
};

export type Reservation =
  | {
      readonly kind: "reserved";
      readonly eventId: string;
      readonly occurredAtMs: number;
      /** Of the candidates that have room the one with the least load for its cap; when all are out, the one that is back first. */
      readonly upstreamKeyId: string;
      /** Whether something stands against the key that a served call takes back: it was taken out, or failed. */
      readonly isMarked: boolean;
      /** This reservation among it. */
      readonly spent: Spent;
    }
  /** A quota has not enough left. `nowMs` is the ledger's clock, by which its window ends. */
  | { readonly kind: "spent"; readonly quota: keyof Quotas; readonly spent: Spent; readonly nowMs: number }
  /** No candidate has room for this tenant now; the first may have in `inMs`. `cap` is that key's. */
  | { readonly kind: "busy"; readonly inMs: number; readonly cap: number }
  /** The upstream failed too often on every candidate; the first is tried again in `inMs`. */
  | { readonly kind: "broken"; readonly inMs: number }
  /** Somebody else is fetching the same call. */
  | { readonly kind: "leased" }
  /** An answer to the call was stored a moment ago. Who looked before that looks again, and then reserves with `lookedAfter: note`. */
  | { readonly kind: "stored"; readonly note: string }
  /** Somebody else's fetch of the same call failed a moment ago, on a key that would be tried again. */
  | { readonly kind: "failed"; readonly failure: Failure }
  /** The tenant is suspended or deleted, whatever the caller has read of it. */
  | { readonly kind: "suspended" }
  /** The tenant's counters are missing, which is not zero: they have to be rebuilt first. */
  | { readonly kind: "uncounted" }
  | { readonly kind: "unavailable" };

/** How a fetch failed: what becomes known of it to those who waited, and to those who come in the next moment. No body: it is nobody else's. */
export type Failure = {
  readonly outcome: Outcome;
  /** The upstream's; 0 when none came. */
  readonly status: number;
  /** On which key: what is wrong with an account is wrong on no other. */
  readonly upstreamKeyId: string;
};

/** What a fetch leaves in the place of its lease: that an answer is in every tier, or how it failed. */
export type LeaseNote = { readonly kind: "stored" } | { readonly kind: "failed"; readonly failure: Failure };

/** A note for the place of a lease, and whether that cannot have ended and been taken over yet, by the clock of who holds it. */
export type LeftNote = { readonly note: LeaseNote; readonly noteMs: number; readonly isSurelyHeld: boolean };

/** As much of a reservation as it takes to take it back. */
export type Taken = Pick<Reserve, "tenantId" | "credits" | "requestId" | "lease" | "randomBits" | "candidates">;

/** As much of an event as it takes to take it out of the outbox. */
export type OutboxEvent = Pick<UsageEvent, "tenantId" | "eventId">;

/** The only place that credits are taken from. Every operation is idempotent by event id: a reply may be lost after execution. */
export type Ledger = {
  /** All or nothing. What is refused leaves nothing but a mark that its tenant waits, where it would wait. */
  reserve(request: Reserve): Promise<Reservation>;
  /**
   * Takes back what `reserve` did with the request's bits, its lease too, done or still to be told: nothing was dispatched for it. Resolves without a word when
   * there is nothing to take back; throws when Redis does not answer, and then the sweep will find the reservation.
   */
  release(request: Taken): Promise<void>;
  /**
   * Closes a reservation with what the dispatch cost: what it did not goes back into the windows that it was reserved from. The event is in
   * the outbox when this resolves `settled`. A second call is a no-op.
   */
  settle(event: UsageEvent, reservedCredits: number): Promise<"settled" | "already-settled" | "unavailable">;
  /** Prolongs a lease if it is still the request's, and says whether it is. Throws when Redis does not answer. */
  renewLease(lease: string, requestId: string): Promise<boolean>;
  /**
   * Gives a lease up that is still the request's, with a note in its place that lasts `noteMs`, or with none. After a failure nobody reserves
   * for the same call meanwhile, but whoever has none but other keys, when it was, or may have been, about an account. Who is
   * sure to hold it (`isSurelyHeld`) is not asked. Throws when Redis does not answer; then the lease ends by itself.
   */
  endLease(lease: string, requestId: string, left: LeftNote | null): Promise<void>;
  /**
   * Takes recorded events out of the outbox, but for those of a tenant whose outbox is held: they stay, and the sweep has them recorded, and
   * taken out, once more.
   */
  forget(events: readonly OutboxEvent[]): Promise<void>;
  /** Reservations that nobody closed within `ageMs` of Redis time, oldest first. Throws when Redis does not answer. */
  abandoned(ageMs: number, limit: number): Promise<readonly OpenReservation[]>;
  /**
   * Settled events still in the outbox that were reserved, or handed out by this, more than `ageMs` ago by Redis time, oldest first: so that
   * in a long outage each has its turn. Throws when Redis does not answer.
   */
  unrecorded(ageMs: number, limit: number): Promise<readonly UsageEvent[]>;
};

export type TenantStatus = "active" | "suspended" | "deleted";

/** What the books say of a tenant in the UTC day and month in which they were read, credits charged and in doubt together. */
export type Booked = {
  readonly tenantId: string;
  readonly status: TenantStatus;
  /** `2026-01-31`. */
  readonly day: string;
  readonly spent: Spent;
};

/** A counter that said less than the books. */
export type Drift = {
  readonly tenantId: string;
  readonly window: keyof Quotas;
  readonly counted: number;
  readonly booked: number;
};

/** What the ledger counts of tenants. All throw `Unavailable` when Redis does not answer. */
export type Counters = {
  /** Nothing when the counters are missing. `nowMs` is the ledger's clock. */
  read(tenantId: string): Promise<{ readonly spent: Spent; readonly nowMs: number } | undefined>;
  /**
   * To be called before the books are read that counters are made of: an event that is booked after that reading, and out of the outbox
   * before the counters are made, would be in neither. So until they are made, or for ten seconds, nothing of the tenant leaves its outbox.
   * Returns the hold, by which `rebuild` tells that it has lasted.
   */
  holdOutbox(tenantId: string): Promise<string>;
  /**
   * Makes missing counters from the books and from what is open or in the outbox; changes nothing when they are there, or when the outbox was
   * not held from before the books were read until now.
   */
  rebuild(booked: Booked, hold: string): Promise<void>;
  /** Raises counters that say less than the books, never lowers one, and says which. Missing ones are left to be rebuilt. */
  raise(booked: readonly Booked[]): Promise<readonly Drift[]>;
  /** Says what the tenant may: from then on every reservation heeds it. */
  setStatus(tenantId: string, status: TenantStatus): Promise<void>;
};

/** What was spent, by the books. Throws `Unavailable` when Postgres does not answer. */
export type SpendingBooks = {
  /** Nothing for a tenant that never was. */
  of(tenantId: string): Promise<Booked | undefined>;
  /** Tenants that spent something this month, by id, those after `after`. */
  all(after: string | null, limit: number): Promise<readonly Booked[]>;
};
