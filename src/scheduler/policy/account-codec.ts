import {
  type Codec,
  entriesOf,
  type Fields,
  isSame,
  named,
  orNone,
  type Path,
  type Report,
  record,
  shown,
} from "../described/codec.ts"
import { flag, number, shares } from "../described/scalar-codecs.ts"
import { PLAIN_ACCOUNT, PLAIN_MEMBER } from "./default-policy.ts"
import { limits } from "./limits-codec.ts"
import { names, policyName, userName } from "./name-codecs.ts"
import type { PolicyAccount, PolicyMember } from "./policy.ts"

export const rank = number({ what: "a rank", least: 0, most: 0xffff_ffff, whole: true })

type MemberEntry = Omit<PolicyMember, "user">

const memberFields: Fields<MemberEntry> = {
  shares: ["shares", shares()],
  isDefault: ["default", flag],
  limits: ["limits", limits],
  qos: ["qos", orNone(names(policyName), "any")],
  defaultQos: ["default-qos", orNone(policyName)],
  rank: ["rank", rank],
}

const member = record<MemberEntry>(memberFields, { ...PLAIN_MEMBER, isDefault: false })

/** A list of users with one share each, or a mapping of users to their shares, or to all that is said of them. */
const members: Codec<readonly PolicyMember[]> = {
  read(value, path, report) {
    if (Array.isArray(value)) {
      const users = names(userName).read(value, path, report) ?? []
      return users.map((user) => ({ ...PLAIN_MEMBER, user, isDefault: false }))
    }
    const entries = entriesOf(value)
    if (entries === null) {
      report(path, `takes users: [ann, bob], or ann: 2 for shares, not ${shown(value)}`)
      return undefined
    }
    return entries.flatMap(([key, each]) => {
      const user = userName.read(key, [...path, key], (at, problem) => report(at, problem, "key"))
      const entry = readMember(each, [...path, key], report)
      return user === undefined || entry === undefined ? [] : [{ ...entry, user }]
    })
  },
  write: (value, whole = false) =>
    new Map(
      value.map(({ user, ...entry }) => {
        const isPlain = isSame(entry, { ...PLAIN_MEMBER, isDefault: false, shares: entry.shares })
        return [user, isPlain && !whole ? entry.shares : member.write(entry, whole)]
      }),
    ),
}

function readMember(value: unknown, path: Path, report: Report): MemberEntry | undefined {
  if (value === null || entriesOf(value) !== null) return member.read(value, path, report)
  const own = shares().read(value, path, report)
  return own === undefined ? undefined : { ...PLAIN_MEMBER, isDefault: false, shares: own }
}

const account = record<Omit<PolicyAccount, "name">>(
  {
    parent: ["parent", orNone(policyName)],
    shares: ["shares", shares()],
    coordinators: ["coordinators", names(userName)],
    members: ["users", members],
    limits: ["limits", limits],
    qos: ["qos", orNone(names(policyName), "any")],
    defaultQos: ["default-qos", orNone(policyName)],
    rank: ["rank", rank],
  },
  PLAIN_ACCOUNT,
)

export const accounts = named<PolicyAccount>(policyName, account, "accounts")
