import { isId } from "./ids.ts"

/** How a target wants to be told. */
export const TARGET_KINDS = ["webhook", "ntfy", "slack", "discord"] as const

export type TargetKind = (typeof TARGET_KINDS)[number]

/** Where to tell somebody, read from what was typed. Its address lets anybody write there: a secret. */
export interface NotifyTarget {
  readonly kind: TargetKind
  /** What is posted to: http or https. */
  readonly url: string
  /** Of ntfy, the topic. */
  readonly topic: string | null
}

/** The shapes a target may have, for hints. */
export const TARGET_SHAPES =
  "https://HOST/PATH (a webhook, also Slack's and Discord's), ntfy://TOPIC, ntfy://HOST/TOPIC, slack+https://..., discord+https://..."

const MOST_CHARACTERS = 2_048
const NTFY_TOPIC = /^[A-Za-z0-9_-]{1,64}$/
const NTFY_HOST = "ntfy.sh"

/**
 * Reads a target: `https://...`, `ntfy://TOPIC`, `ntfy://HOST/TOPIC`, `slack+https://...`, `discord+https://...`. Slack's and
 * Discord's own addresses are known by their hosts. `http` may stand for `https` everywhere (`ntfy+http://` too), for
 * machines of the server's own network.
 * @throws {SyntaxError} without the address, which may be a secret
 */
export function readTarget(text: string): NotifyTarget {
  if (text.length > MOST_CHARACTERS) throw new SyntaxError(`it has more than ${MOST_CHARACTERS} characters`)
  const [, scheme = "", rest = ""] = /^([a-z][a-z0-9+.-]*):\/\/(\S+)$/i.exec(text) ?? []
  switch (scheme.toLowerCase()) {
    case "":
      throw new SyntaxError(problemOf(text))
    case "https":
    case "http":
      return { kind: kindByHost(asUrl(text)), url: asUrl(text).href, topic: null }
    case "slack+https":
    case "slack+http":
      return { kind: "slack", url: asUrl(text.slice("slack+".length)).href, topic: null }
    case "discord+https":
    case "discord+http":
      return { kind: "discord", url: asUrl(text.slice("discord+".length)).href, topic: null }
    case "ntfy":
    case "ntfy+https":
      return ntfy("https", rest)
    case "ntfy+http":
      return ntfy("http", rest)
    default:
      throw new SyntaxError(`nobody can be told by ${scheme.toLowerCase()}://`)
  }
}

/** Why something is no address at all. */
function problemOf(text: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\/$/i.test(text)) return `after ${text} nothing follows`
  if (/^mailto:|^[^\s:/@]+@[^\s:/@]+$/i.test(text)) return "Windfall sends no mail"
  return /\s/.test(text) ? "it has a blank in it" : "it does not begin with https:// or ntfy:// or the like"
}

/** Whom a target is, for people, without what is secret in it: `slack hooks.slack.com`. */
export function targetText({ kind, host }: { readonly kind: TargetKind; readonly host: string }): string {
  return kind === "webhook" ? `webhook at ${host}` : `${kind} at ${host}`
}

/** The machine a target is at, with its port where that is unusual. */
export function targetHost({ url }: Pick<NotifyTarget, "url">): string {
  return new URL(url).host
}

/** What was typed, without what is secret in it: an id as it is, an address as who is there. */
export function shownTarget(typed: string): string {
  if (isId("n", typed)) return typed
  const target = readTarget(typed)
  return targetText({ kind: target.kind, host: targetHost(target) })
}

function kindByHost({ hostname, pathname }: URL): TargetKind {
  if (hostname === "hooks.slack.com" && pathname.startsWith("/services/")) return "slack"
  const isDiscord = /^(?:\w+\.)?discord(?:app)?\.com$/.test(hostname)
  return isDiscord && pathname.startsWith("/api/webhooks/") ? "discord" : "webhook"
}

/** One word is a topic of ntfy.sh; an access token, or user and password, may stand before the host. */
function ntfy(scheme: "https" | "http", rest: string): NotifyTarget {
  const slash = rest.indexOf("/")
  const topic = rest.slice(slash + 1).replace(/\/$/, "")
  const host = slash === -1 ? NTFY_HOST : rest.slice(0, slash)
  if (!NTFY_TOPIC.test(topic)) {
    throw new SyntaxError("a topic of ntfy has up to 64 letters, digits, dashes and underscores")
  }
  return { kind: "ntfy", url: asUrl(`${scheme}://${host}/`).href, topic }
}

function asUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || url.hostname === "") throw new SyntaxError("it is no address that can be reached")
  if (url.port === "0") throw new SyntaxError("nobody can be reached at port 0")
  url.hash = ""
  return url
}
