import { createHmac } from "node:crypto"
import type { NotifyBody } from "../../protocol/notify-api.ts"
import type { Post } from "./post.ts"
import type { OpenTarget } from "./targets.ts"

/** A message in a target's own shape, ready to be posted. @param now milliseconds since 1970: each try is signed anew */
export function shape(target: OpenTarget, message: NotifyBody, now: number): Post {
  switch (target.kind) {
    case "webhook":
      return webhook(target, message, now)
    case "ntfy":
      return ntfy(target, message)
    case "slack":
      return asJson(target, message, {
        text: markdown(message, { bold: "*", most: SLACK_CHARACTERS, clean: slackText }),
      })
    case "discord":
      return asJson(target, message, {
        content: markdown(message, { bold: "**", most: DISCORD_CHARACTERS, clean: (text) => text }),
        // Whoever a job's output names must not be called by it.
        allowed_mentions: { parse: [] },
      })
  }
}

/** Discord refuses more; Slack cuts at 40,000, which nobody reads; ntfy makes an attachment of what is over 4,096 bytes. */
const DISCORD_CHARACTERS = 2_000
const SLACK_CHARACTERS = 3_000
const NTFY_CHARACTERS = 2_500

/** As https://www.standardwebhooks.com has it: `id.timestamp.body` under HMAC-SHA256, timestamp in seconds. */
function webhook(target: OpenTarget, message: NotifyBody, now: number): Post {
  const post = asJson(target, message, message)
  const timestamp = String(Math.floor(now / 1000))
  const headers = { ...post.headers, "webhook-timestamp": timestamp }
  if (target.secret === null) return { ...post, headers }
  const key = Buffer.from(target.secret.replace(/^whsec_/, ""), "base64")
  const signature = createHmac("sha256", key)
    .update(`${message.data.message}.${timestamp}.${post.body}`)
    .digest("base64")
  return { ...post, headers: { ...headers, "webhook-signature": `v1,${signature}` } }
}

/** Published as JSON, so that titles may have any letters. A user name alone is an access token. */
function ntfy(target: OpenTarget, message: NotifyBody): Post {
  const url = new URL(target.url)
  const { username, password } = url
  url.username = ""
  url.password = ""
  const { title, text } = message.data
  const isBad = message.type === "job.failed" || message.type === "job.stalled"
  const body = {
    topic: target.topic,
    title,
    message: cut(text.slice(title.length).trimStart() || title, NTFY_CHARACTERS),
    ...(isBad ? { priority: 4, tags: ["warning"] } : {}),
  }
  const post = asJson({ url: url.href }, message, body)
  if (username === "") return post
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const authorization =
    password === "" ? `Bearer ${decodeURIComponent(username)}` : `Basic ${Buffer.from(credentials).toString("base64")}`
  return { ...post, headers: { ...post.headers, authorization } }
}

function asJson({ url }: Pick<OpenTarget, "url">, message: NotifyBody, body: unknown): Post {
  const headers = {
    "content-type": "application/json",
    "user-agent": "windfall",
    "webhook-id": message.data.message,
  }
  return { url, headers, body: JSON.stringify(body) }
}

interface Markdown {
  readonly bold: string
  readonly most: number
  readonly clean: (text: string) => string
}

/** The title in bold, the output as code, from which the first lines go where it is too much. */
function markdown({ data }: NotifyBody, { bold, most, clean }: Markdown): string {
  const { title, text, lines, next } = data
  const rest = text
    .split("\n")
    .slice(1)
    .filter((line) => line !== next && !lines.some((one) => line === `  ${one}`))
  const head = `${bold}${clean(title)}${bold}${rest.map((line) => `\n${clean(line)}`).join("")}`
  const foot = next === null ? "" : `\n\`${next}\``
  const kept = [...lines]
  const block = () =>
    kept.length === 0 ? "" : `\n\`\`\`\n${kept.map((line) => clean(line.replaceAll("`", "'"))).join("\n")}\n\`\`\``
  while (kept.length > 0 && head.length + block().length + foot.length > most) kept.shift()
  return cut(head + block() + foot, most)
}

/** Slack reads these three as its own: `<!channel>` calls everybody. */
function slackText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`
}
