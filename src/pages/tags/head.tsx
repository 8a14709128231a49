import type { FC } from "hono/jsx";
import type { LoadedHashtag } from "./load.ts";

type Props = {
  readonly url: string;
  readonly title: string;
  readonly description: string;
  readonly picture?: string | undefined;
  readonly data: object;
};

/** What search engines and previews of links read. */
export const Head: FC<Props> = ({ url, title, description, picture, data }) => (
  <>
    <link rel="canonical" href={url} />
    <meta property="og:type" content="website" />
    <meta property="og:site_name" content="Tikedge" />
    <meta property="og:title" content={title} />
    <meta property="og:description" content={description} />
    <meta property="og:url" content={url} />
    {picture === undefined ? null : <meta property="og:image" content={picture} />}
    <script type="application/ld+json" dangerouslySetInnerHTML={{ __html: scriptData(data) }}></script>
  </>
);

/** JSON for a data block, which nobody runs: no text in it ends the element, or opens another. */
export function scriptData(data: object): string {
  return JSON.stringify(data)
    .replaceAll("<", String.raw`\u003c`)
    .replaceAll(">", String.raw`\u003e`);
}

/** The page in the words of schema.org, with the posts on it by their own addresses. */
export function pageData(
  { name, posts }: LoadedHashtag,
  { url, description }: Pick<Props, "url" | "description">,
): object {
  const linked = posts.filter(({ handle }) => handle !== "");
  return {
    "@context": "https://schema.org",
    "@type": "CollectionPage",
    name: `#${name}`,
    url,
    description,
    mainEntity: {
      "@type": "ItemList",
      itemListElement: linked.map(({ id, handle, isPhoto }, at) => ({
        "@type": "ListItem",
        position: at + 1,
        url: `https://www.tiktok.com/@${handle}/${isPhoto ? "photo" : "video"}/${id}`,
      })),
    },
  };
}
