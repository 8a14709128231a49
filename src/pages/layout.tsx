import type { Child, FC, PropsWithChildren } from "hono/jsx";

export type NavItem = { readonly href: string; readonly label: string; readonly isCurrent?: boolean };

export type PageProps = PropsWithChildren<{
  /** What a tab shows, without the name of the product. */
  readonly title: string;
  readonly description?: string;
  /** Links of the page's own part, below the name of the product. */
  readonly nav?: readonly NavItem[];
  /** Beside the navigation, e.g. who is signed in. */
  readonly aside?: Child;
  /** Further elements of the head: canonical URL, Open Graph, JSON-LD. */
  readonly head?: Child;
  /** Names of scripts under `/static/`, none of which blocks. A page works without them. */
  readonly scripts?: readonly string[];
  /** False keeps the page out of search engines. */
  readonly isPublic?: boolean;
}>;

const SITE: readonly NavItem[] = [
  { href: "/tags", label: "Hashtags" },
  { href: "/dashboard", label: "Dashboard" },
  { href: "/docs/", label: "Reference" },
];

/** The frame of every page: one look, one order of headings, and a way past the navigation for whoever uses a keyboard. */
export const Page: FC<PageProps> = ({
  title,
  description,
  nav = [],
  aside,
  head,
  scripts = [],
  isPublic,
  children,
}) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>{title} · Tikedge</title>
      {description === undefined ? null : <meta name="description" content={description} />}
      {isPublic === true ? null : <meta name="robots" content="noindex" />}
      <meta name="color-scheme" content="light dark" />
      <link rel="icon" href="/static/icon.svg" type="image/svg+xml" />
      <link rel="stylesheet" href="/static/tikedge.css" />
      {head}
      {scripts.map((name) => (
        <script src={`/static/${name}`} defer></script>
      ))}
    </head>
    <body>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <Header aside={aside} />
      {nav.length === 0 ? null : (
        <nav class="sections" aria-label="Sections">
          <div class="frame">
            <Links items={nav} />
          </div>
        </nav>
      )}
      <main id="main" class="frame" tabindex={-1}>
        {children}
      </main>
      <Footer />
    </body>
  </html>
);

const Header: FC<Pick<PageProps, "aside">> = ({ aside }) => (
  <header class="site">
    <div class="frame">
      <a class="brand" href="/">
        <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
          <path d="M3 5h18v4h-7v10h-4V9H3z" />
          <path class="edge" d="M17 12h4v7h-7v-3h3z" />
        </svg>
        Tikedge
      </a>
      <nav aria-label="Site">
        <Links items={SITE} />
      </nav>
      {aside === undefined ? null : <div class="aside">{aside}</div>}
    </div>
  </header>
);

const Footer: FC = () => (
  <footer class="site">
    <div class="frame">
      <a href="/healthz">Health</a>
      <a href="/docs/">Reference</a>
      <a href="/openapi.json">OpenAPI</a>
    </div>
  </footer>
);

const Links: FC<{ readonly items: readonly NavItem[] }> = ({ items }) => (
  <ul>
    {items.map(({ href, label, isCurrent }) => (
      <li>
        <a href={href} {...(isCurrent === true ? { "aria-current": "page" } : {})}>
          {label}
        </a>
      </li>
    ))}
  </ul>
);
