import type { BrowserContext, Page, Request, Response, Route } from "playwright-core";

/** Where the emulated upstream says that its pictures are. */
const MEDIA = /^https:\/\/[^/]+\.media\.example\//;

/** A picture of one dot. */
const DOT = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");

/** A refusal that a test is about: its status, and a part of its address. */
export type Refusal = readonly [status: number, part: string];

/**
 * Notes whatever is wrong with what a browser was sent: script errors, everything on the console, violations of the policy, dialogs,
 * requests that fail or are refused, and those to anybody else. Pictures of the upstream's are the exception: they are answered here.
 */
export async function hearComplaints(context: BrowserContext, origin: string, complaints: string[]): Promise<void> {
  const complain = (what: string) => void complaints.push(what);
  await context.route(
    (url) => url.origin !== origin,
    (route) => answerForeign(route, complain),
  );
  await context.exposeFunction("reportViolation", (directive: string) => complain(`policy: ${directive}`));
  await context.addInitScript(
    `document.addEventListener("securitypolicyviolation", (event) => reportViolation(event.violatedDirective + " " + event.blockedURI));`,
  );
  context.on("page", (page) => hearPage(page, complain));
  context.on("response", (response) => hearResponse(response, complain));
  context.on("requestfailed", (request) => hearFailure(request, complain));
}

/** What of the complaints no test has asked for. */
export function unexpected(complaints: readonly string[], refusals: readonly Refusal[]): readonly string[] {
  const isMeant = (complaint: string) =>
    refusals.some(([status, part]) => complaint.startsWith(`${status} `) && complaint.includes(part));
  return complaints.filter((complaint) => !isMeant(complaint));
}

async function answerForeign(route: Route, complain: (what: string) => void): Promise<void> {
  const url = route.request().url();
  if (MEDIA.test(url)) return route.fulfill({ contentType: "image/gif", body: DOT });
  complain(`asks somebody else: ${url}`);
  return route.abort();
}

function hearPage(page: Page, complain: (what: string) => void): void {
  page.on("pageerror", (error) => complain(`script: ${error.message}`));
  page.on("console", (message) => {
    // Chromium says so of every refusal, without saying of which: responses are heard by themselves.
    if (!message.text().startsWith("Failed to load resource")) complain(`console: ${message.text()}`);
  });
  page.on("dialog", (dialog) => {
    complain(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
}

function hearResponse(response: Response, complain: (what: string) => void): void {
  if (response.status() >= 400) complain(`${response.status()} ${response.url()}`);
}

function hearFailure(request: Request, complain: (what: string) => void): void {
  const why = request.failure()?.errorText ?? "";
  // Who goes on, or is given a file, waits no longer for what the page had begun to ask for.
  if (why !== "net::ERR_ABORTED") complain(`failed: ${request.url()} ${why}`);
}
