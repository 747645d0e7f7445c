import * as z from "zod"
import type { CodePurpose, InviteView, UserInvite } from "../../../protocol/api.ts"
import type { MacInvite } from "../../../protocol/lending.ts"
import { answer, type Describes, time } from "./answer.ts"

export const codePurpose = z.enum(["user", "mac"])

export const invite = answer(
  "Invite",
  "What is known of a one-time code, which itself is not kept",
  z.object({
    id: z.string(),
    purpose: codePurpose,
    about: z.string().describe("The user, or whose Mac it is"),
    madeBy: z.string(),
    createdAt: time,
    expiresAt: time,
    usedAt: time.nullable(),
  }),
)
export const inviteList = answer("InviteList", "Invitations, oldest first", z.object({ invites: z.array(invite) }))
export const userInvite = answer(
  "UserInvite",
  "A new invitation, told this once",
  invite.extend({
    code: z.string().describe("What POST /v1/login takes, once"),
    line: z.string().describe("What the invited pastes into a terminal"),
  }),
)

export const macInvite = answer(
  "MacInvite",
  "A new invitation to lend a machine, told this once",
  invite.extend({
    code: z.string().describe("What POST /v1/lend takes, once"),
    line: z.string().describe("What the owner pastes into Terminal on that machine"),
  }),
)

export const INVITE_ANSWERS_AGREE: readonly [
  Describes<typeof codePurpose, CodePurpose>,
  Describes<typeof invite, InviteView>,
  Describes<typeof userInvite, UserInvite>,
  Describes<typeof macInvite, MacInvite>,
] = [true, true, true, true]
