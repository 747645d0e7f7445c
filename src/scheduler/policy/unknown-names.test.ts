import assert from "node:assert/strict"
import { test } from "node:test"
import type { MatchedHost } from "./host-match.ts"
import { readPolicy } from "./read-policy.ts"
import { unknownNames } from "./unknown-names.ts"

const HOSTS: readonly MatchedHost[] = [
  { name: "mac-1", chip: "Apple M3 Ultra", labels: { room: "210" } },
  { name: "studio", chip: null, labels: {} },
]

function notices(text: string, hosts = HOSTS) {
  const { policy, problems } = readPolicy(text)
  assert.equal(problems, null)
  return unknownNames(policy!, { hosts, users: ["ann", "bob"] })
}

test("of a policy about what the pool has nothing is said", () => {
  const text = `accounts: { lab: { users: [ann], coordinators: [bob] } }
default-account: lab
partitions: { apple_gpu: { hosts: [mac-1, { chip: m3 ultra }, { labels: { room: 210 } }] } }
`
  assert.deepEqual(notices(text), [])
  assert.deepEqual(notices("{}", []), [])
})

test("each name that the pool does not know is told once, with where it stands and what is near", () => {
  const text = `accounts: { lab: { users: [annn, zoe], coordinators: [annn] } }
default-account: lab
partitions:
  apple_gpu: { users: [zoe] }
  big: { hosts: [mac-9, { chip: M3 Ultr }, { labels: { room: 211 } }] }
  far: { hosts: [mac-9, { name: studio, labels: { room: 210 } }] }
default-partition: apple_gpu
`
  assert.deepEqual(notices(text), [
    "partitions.big.hosts: no host of the pool is named mac-9: did you mean mac-1?",
    "partitions.big.hosts: no host of the pool is known to have the chip M3 Ultr",
    "partitions.big.hosts: no host of the pool has the label room=211: did you mean room=210?",
    "partitions.far.hosts: no host of the pool is all of studio, room=210",
    "accounts.lab.users: the pool has no user annn: did you mean ann?",
    "accounts.lab.users: the pool has no user zoe",
  ])
})
