import type { Dialect } from "./dialect.ts"

/** What a dialect calls that which becomes the messages of a chat. */
export function promptName(dialect: Dialect["name"]): string {
  return dialect === "responses" ? "input" : "messages"
}
