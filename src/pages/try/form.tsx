import type { FC } from "hono/jsx";
import { samples, type Chosen } from "./samples.ts";

type Props = {
  /** Whether somebody pays for those without a key. */
  readonly isOpen: boolean;
  readonly chosen?: Chosen | undefined;
};

/** A call to try. Without anybody who pays for it, it asks for a key, which is sent once and shown nowhere. */
export const TryForm: FC<Props> = ({ isOpen, chosen }) => (
  <form class="line try" method={isOpen ? "get" : "post"} action="/try">
    <label class="field">
      <span>What</span>
      <select name="endpoint">
        {samples.map(({ path, label }) => (
          <option value={path} selected={path === chosen?.sample.path}>
            {label}
          </option>
        ))}
      </select>
    </label>
    <label class="field">
      <span>Of</span>
      <input name="value" required maxlength={100} value={chosen?.value ?? "tiktok"} autocomplete="off" />
    </label>
    {isOpen ? null : (
      <label class="field">
        <span>Gateway key</span>
        <input name="key" type="password" required maxlength={256} autocomplete="off" />
      </label>
    )}
    <button type="submit">Try it</button>
  </form>
);

/** Who pays for it, said before. */
export const TryTerms: FC<{ readonly isOpen: boolean }> = ({ isOpen }) => (
  <p class="quiet">
    {isOpen
      ? "What is cached is free. What is not costs one credit of this deployment's own budget, and only so much of that is for one visitor."
      : "It is asked with your key: what is not cached costs your tenant one credit. The key is not kept."}
  </p>
);
