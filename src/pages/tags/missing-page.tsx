import type { FC } from "hono/jsx";
import { Page } from "../layout.tsx";

/** There is no such hashtag, as far as the upstream knows. It is the same for everybody, since it is kept. */
export const MissingPage: FC<{ readonly name: string }> = ({ name }) => (
  <Page title={`No hashtag #${name}`}>
    <section class="problem">
      <p class="figure" aria-hidden="true">
        404
      </p>
      <h1>There is no hashtag by this name</h1>
      <p class="lead">
        TikTok knows no <bdi>#{name}</bdi>, or knew none some minutes ago.
      </p>
      <p>
        <a href="/tags">All hashtags</a>
      </p>
    </section>
  </Page>
);
