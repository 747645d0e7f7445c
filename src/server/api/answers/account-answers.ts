import * as z from "zod"
import type { Me, SecretView, TokenView, UserView } from "../../../protocol/api.ts"
import { answer, type Describes, time } from "./answer.ts"

const role = z.enum(["user", "admin"])

export const me = answer(
  "Me",
  "Whose token this is, and what it may",
  z.object({ user: z.string(), role, tokenExpiresAt: time.nullable() }),
)

export const user = answer("User", "A user", z.object({ name: z.string(), role, createdAt: time }))
export const userList = answer("UserList", "Users by name", z.object({ users: z.array(user) }))

export const token = answer(
  "Token",
  "What is known of a token, which itself is not kept",
  z.object({ id: z.string(), user: z.string(), role, createdAt: time, expiresAt: time.nullable() }),
)
export const tokenList = answer("TokenList", "Tokens, oldest first", z.object({ tokens: z.array(token) }))
export const madeToken = answer(
  "MadeToken",
  "A new token, told this once",
  token.extend({ token: z.string().describe("What is sent as bearer") }),
)

export const secret = answer(
  "Secret",
  "A stored secret, without its value",
  z.object({ name: z.string(), changedAt: time }),
)
export const secretList = answer("SecretList", "One's secrets by name", z.object({ secrets: z.array(secret) }))

export const ACCOUNT_ANSWERS_AGREE: readonly [
  Describes<typeof me, Me>,
  Describes<typeof user, UserView>,
  Describes<typeof token, TokenView>,
  Describes<typeof madeToken, TokenView & { readonly token: string }>,
  Describes<typeof secret, SecretView>,
] = [true, true, true, true, true]
