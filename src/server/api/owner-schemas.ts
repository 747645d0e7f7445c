/** What comes in about hosts' owners, checked; see schemas.ts. */
import * as z from "zod"
import type {
  FleetPolicyRequest,
  HiveNetworkRequest,
  HostOwnerRequest,
  PauseRequest,
  RulesRequest,
} from "../../protocol/owner-api.ts"
import { label, text } from "./schema-parts.ts"

/** An account of the system there. */
export const accountName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/, "must be the name of an account")
const ruleTexts = z
  .record(text(64), text(1000).nullable())
  .refine((rules) => Object.keys(rules).length <= 50, { message: "has more rules than there are" })

export const pauseRequest = z.strictObject({
  for: text(64).nullable().default(null),
  until: z
    .union([text(64), z.int()])
    .nullable()
    .default(null),
})
export const rulesRequest = z.strictObject({ rules: ruleTexts })
export const hostOwnerRequest = z.strictObject({
  owner: text(64).min(1).nullable().optional(),
  consoleAccount: accountName.nullable().optional(),
})
export const fleetPolicyRequest = z.strictObject({
  preset: text(64).nullable().default(null),
  rules: ruleTexts.default({}),
})
export const hiveNetworkRequest = z.strictObject({
  nets: z.array(text(64)).max(64),
  allowsPublic: z.boolean().default(false),
})
export const fleetName = label

type Same<A, B> = [A] extends [B] ? true : never
export const OWNER_SCHEMAS_AGREE: readonly [
  Same<z.output<typeof pauseRequest>, PauseRequest>,
  Same<z.output<typeof rulesRequest>, RulesRequest>,
  Same<z.output<typeof hostOwnerRequest>, HostOwnerRequest>,
  Same<z.output<typeof fleetPolicyRequest>, FleetPolicyRequest>,
  Same<z.output<typeof hiveNetworkRequest>, HiveNetworkRequest>,
] = [true, true, true, true, true]
