import type { Role } from "../../protocol/api.ts"

/** @throws {SyntaxError} */
export function readRole(text: string): Role {
  if (text === "user" || text === "admin") return text
  throw new SyntaxError("a role is user or admin")
}
