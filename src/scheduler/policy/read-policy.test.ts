import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { policies } from "../../../test/support/policies.ts"
import { DEFAULT_POLICY, PLAIN_QOS } from "./default-policy.ts"
import type { Policy } from "./policy.ts"
import { printPolicy } from "./print-policy.ts"
import { readPolicy } from "./read-policy.ts"

function problemsOf(text: string): string[] {
  return readPolicy(text).problems?.map(({ line, column, text: problem }) => `${line}:${column} ${problem}`) ?? []
}

function policyOf(text: string): Policy {
  const { policy, problems } = readPolicy(text)
  assert.deepEqual(problems, null)
  assert.ok(policy !== null)
  return policy
}

describe("readPolicy()", () => {
  it("takes nothing at all for a policy in which nothing is said", () => {
    for (const text of ["", "\n# nothing yet\n", "{}"]) assert.deepEqual(policyOf(text), DEFAULT_POLICY)
    assert.equal(printPolicy(DEFAULT_POLICY), "")
  })

  it("reads a whole file", () => {
    const policy = policyOf(`
      accounts:
        vision: { shares: 50, users: { ann: 1, bob: { shares: 2, default: true } }, coordinators: ann }
        robots: { parent: vision, shares: parent, users: [bob, cyd], limits: { group: { resources: { gpu: 4, memory: 1.5T } } } }
      default-account: vision
      partitions:
        apple_gpu: { longest-time: 2d, hosts: [mac-1, { chip: M3 Ultra }, { labels: { room: 12 } }] }
      qos:
        urgent: { rank: 100, preempts: normal, limits: { user: { running-jobs: 2 }, job: { wall-time: 90m } } }
      priority: { weights: { age: 1000, fair_share: 5000, resources: { cores: 10 } }, slurm_age: true }
      usage: { half-life: none, time-zone: Europe/Berlin }
      backfill: off
      billing: { weights: { cpu: 1, memory: 0.25 }, hosts: [{ chip: M3 Ultra, factor: 2 }] }
      short-lane: { longest: 20m }
      preemption: { by: qos, mode: suspend, minimum-run: 10m }`)
    const [vision, robots] = policy.accounts
    assert.deepEqual(
      vision?.members.map(({ user, shares, isDefault }) => [user, shares, isDefault]),
      [
        ["ann", 1, true],
        ["bob", 2, true],
      ],
    )
    assert.deepEqual(vision?.coordinators, ["ann"])
    assert.deepEqual(
      robots?.members.map(({ user, isDefault }) => [user, isDefault]),
      [
        ["bob", false],
        ["cyd", true],
      ],
    )
    assert.deepEqual([robots?.parent, robots?.shares], ["vision", "parent"])
    assert.deepEqual(robots?.limits, { group: { resources: { gpu: 4, memory: 1536 } } })
    assert.deepEqual(policy.partitions[0]?.hosts, [
      { name: "mac-1", chip: null, labels: {} },
      { name: null, chip: "M3 Ultra", labels: {} },
      { name: null, chip: null, labels: { room: "12" } },
    ])
    assert.equal(policy.partitions[0]?.longestTimeMs, 172_800_000)
    assert.deepEqual(policy.qos[0], PLAIN_QOS)
    assert.deepEqual(policy.qos[1]?.limits, { user: { runningJobs: 2 }, job: { wallMinutes: 90 } })
    assert.deepEqual(policy.priority.weights, {
      ...DEFAULT_POLICY.priority.weights,
      age: 1000,
      fairShare: 5000,
      resources: { cpu: 10 },
    })
    assert.deepEqual([policy.priority.slurmAge, policy.usage.halfLifeS, policy.backfill.enabled], [true, 0, false])
    assert.deepEqual(policy.billing.hosts, [{ match: { name: null, chip: "M3 Ultra", labels: {} }, factor: 2 }])
    assert.deepEqual(policy.shortLane, { longestMs: 1_200_000, interactiveOnly: true, runningPerUser: 1 })
  })

  const refused: readonly (readonly [text: string, ...problems: string[]])[] = [
    ["priorty: {}", '1:1 priorty: unknown key "priorty": did you mean priority?'],
    [
      "accounts: {a: {shares: 0, users: [ann]}}",
      "1:24 accounts.a.shares: 0 is no share: write a number above 0, or parent for what competes without shares of its own. Who is to get nothing is left out, or kept out by limits",
    ],
    [
      "accounts: {a: {users: {ann: -1}}}",
      "1:29 accounts.a.users.ann: -1 is no share: write a number above 0, or parent for what competes without shares of its own. Who is to get nothing is left out, or kept out by limits",
    ],
    ["accounts: {a: {}, b: {}}", "1:1 default-account is missing: it says whose account is theirs who are in none"],
    [
      "accounts:\n  vision: {}\n  robots: {parent: visoin}\ndefault-account: vision",
      '3:20 accounts.robots.parent: there is no account "visoin": did you mean vision?',
    ],
    [
      "accounts:\n  a: {parent: b}\n  b: {parent: c}\n  c: {parent: a}\ndefault-account: a",
      "2:15 accounts.a.parent: goes in a circle: a is in b is in c is in a. One of them must be below the root: parent: none",
    ],
    [
      "accounts: {a: {parent: a}}",
      "1:24 accounts.a.parent: goes in a circle: a is in a. One of them must be below the root: parent: none",
    ],
    ["accounts: {a: {users: [ann, ann]}}", "1:29 accounts.a.users[1]: ann stands twice"],
    ["accounts: {a: {users: {ann: 1, ann: 2}}}", '1:32 "ann" stands twice'],
    [
      "accounts:\n  a: {users: {ann: {default: true}}}\n  b: {users: {ann: {default: yes}}}\ndefault-account: a",
      "3:30 accounts.b.users.ann.default: is said in two accounts: jobs that name no account can be in one only",
    ],
    ["accounts: {a: {}}\ndefault-account: q", '2:18 default-account: there is no account "q"; there are a'],
    ["accounts: {}", "1:1 accounts: names no account: leave it out for a single one"],
    ["default-qos: hot", '1:14 default-qos: there is no QOS "hot"; there are normal'],
    [
      "qos: {a: {preempts: [b]}, b: {preempts: [a]}}",
      "1:21 qos.a.preempts: goes in a circle: a preempts b preempts a. They would drive each other off for ever",
    ],
    ["accounts: {a: {qos: [nrmal]}}", '1:21 accounts.a.qos: there is no QOS "nrmal": did you mean normal?'],
    [
      "default-partition: apple_gpus",
      '1:20 default-partition: there is no partition "apple_gpus": did you mean apple_gpu?',
    ],
    [
      "partitions: {p: {hosts: [a, b], limits: {job: {min-hosts: 3}}}}\ndefault-partition: p",
      "1:59 partitions.p.limits.job.min-hosts: is a limit that nobody can meet: min-hosts is 3, and it has 2 hosts",
    ],
    [
      "partitions: {p: {default-time: 2h, limits: {job: {wall-time: 1h}}}}\ndefault-partition: p",
      "1:32 partitions.p.default-time: is longer than partitions.p.limits.job.wall-time (1h 00m) allows, so that no job could do without a time of its own",
    ],
    [
      "partitions: {p: {default-time: 2h}}\ndefault-partition: p\nlimits: {job: {wall-time: 1h}}",
      "1:32 partitions.p.default-time: is longer than limits.job.wall-time (1h 00m) allows, so that no job could do without a time of its own",
    ],
    [
      "qos: {q: {}, r: {}}\ndefault-qos: q\naccounts: {lab: {qos: [r], users: [ann, bob]}}\ndefault-account: lab",
      "3:23 accounts.lab.qos: does not allow q, which jobs have that name none, by default-qos: allow it, or give a default-qos here",
    ],
    ["usage: {half-life: -7d}", '1:20 usage.half-life: a time cannot be negative, as "-7d" is'],
    [
      "priority: {max-age: 7}",
      '1:21 priority.max-age: "7" has no unit: write 7m for minutes (as Slurm reads it) or 7s for seconds',
    ],
    [
      "limits: {job: {min-hosts: 3, max-hosts: 2}}",
      "1:27 limits.job.min-hosts: is a limit that nobody can meet: min-hosts is 3 and max-hosts 2",
    ],
    [
      "limits: {group: {running-jobs: 0}}",
      "1:32 limits.group.running-jobs: is a limit that nobody can meet: no job could ever run",
    ],
    [
      "limits: {user: {resources: {gpus: 1}}, job: {min-resources: {gpu: 2}}}",
      "1:28 limits.user.resources.gpu: is a limit that nobody can meet: each job needs 2 by job.min-resources, and all together may have 1",
    ],
    [
      "limits: {job: {min-resources: {gpu: 2}, resources-per-host: {gpu: 1}, max-hosts: 1}}",
      "1:37 limits.job.min-resources.gpu: is a limit that nobody can meet: the least is 2, and 1 host at most with 1 each come to 1",
    ],
    [
      "qos: {normal: {limits: {job: {resources-per-host: {memory: 4G}, min-resources: {memory: 48G}, max-hosts: 2}}}}",
      "1:89 qos.normal.limits.job.min-resources.memory: is a limit that nobody can meet: the least is 48 GiB, and 2 hosts at most with 4 GiB each come to 8 GiB",
    ],
    [
      "limits: {job: {min-hosts: 4, resources: {cpu: 3}}}",
      "1:27 limits.job.min-hosts: is a limit that nobody can meet: so many hosts need a core each, and a job may have 3 by limits.job.resources.cpu",
    ],
    [
      "limits: {group: {minutes: {cpu: 0}}}",
      "1:33 limits.group.minutes.cpu: is a limit that nobody can meet: every job needs some cpu",
    ],
    [
      "limits: {job: {min-resources: {memory: 48G}}}\npartitions: {apple_gpu: {limits: {job: {resources: {memory: 16G}}}}}",
      "1:40 limits.job.min-resources.memory: is a limit that nobody can meet: the least is 48 GiB and the most 16 GiB by partitions.apple_gpu.limits.job.resources.memory",
    ],
    [
      "limits: {group: {resources: {gpu: 1}}}\naccounts: {lab: {limits: {job: {min-resources: {gpu: 2}}}}}\ndefault-account: lab",
      "1:35 limits.group.resources.gpu: is a limit that nobody can meet: each job needs 2 by accounts.lab.limits.job.min-resources.gpu, and all together may have 1",
    ],
    [
      "limits: {job: {resources: {memory: 64}}}",
      '1:36 limits.job.resources.memory: "64" has no unit: write 64G for gigabytes or 64M for megabytes',
    ],
    [
      "limits: {job: {resources: {gqu: 1}}}",
      '1:28 limits.job.resources.gqu: unknown resource "gqu": did you mean gpu?',
    ],
    ["preemption: {by: tears}", '1:18 preemption.by: takes one of off, tier, qos, not "tears"'],
    ["fair-share: {algorithm: fair-tre}", '1:25 fair-share.algorithm: there is no "fair-tre": did you mean fair_tree?'],
    [
      "partitions: {apple_gpu: {users: []}}",
      "1:33 partitions.apple_gpu.users: lets nobody in: leave it out, or write any",
    ],
    [
      "a: &x 1\nb: *x",
      '1:1 a: unknown key "a"; there are: ',
      '2:4 what begins with * must be quoted: "*x". A policy says each thing in its place',
    ],
    ["---\n{}\n---\n{}", "3:1 a policy is one document: nothing may follow a line of dashes"],
    ["- 1", "1:1 takes keys (accounts, "],
    ["accounts: {root: {}}", '1:12 accounts.root: "root" is no name: '],
  ]
  for (const [text, ...problems] of refused) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      const found = problemsOf(text)
      assert.equal(found.length, problems.length, found.join("\n"))
      found.forEach((problem, at) => {
        assert.ok(problem.startsWith(problems[at]!), problem)
        if (!problems[at]!.endsWith(" ")) assert.equal(problem.startsWith(problems[at]!), true)
      })
    })
  }

  it("takes limits that one layer contradicts and another one sets before it", () => {
    const text = [
      "limits: {job: {min-resources: {gpu: 2}}}",
      "partitions: {apple_gpu: {limits: {job: {resources: {gpu: 1}}}}}",
      "qos: {normal: {}, small: {limits: {job: {min-resources: {gpu: 1}}}}}",
    ]
    assert.equal(readPolicy(text.join("\n")).problems, null)
    assert.equal(readPolicy([...text.slice(0, 2), "qos: {normal: {}}"].join("\n")).problems?.length, 1)
  })

  it("tells all problems at once, in the order of the file", () => {
    const found = problemsOf("qos: {a: {rank: -1}}\nlimits: {job: {max-hosts: 0}}\nbackfil: off\nusage: {period: 10ms}")
    assert.deepEqual(
      found.map((problem) => problem.split(" ").slice(0, 2).join(" ")),
      ["1:17 qos.a.rank:", "2:27 limits.job.max-hosts:", "3:1 backfil:", "4:17 usage.period:"],
    )
  })
})

describe("printPolicy()", () => {
  it("is read again as the same policy", () => {
    fc.assert(
      fc.property(policies(), (policy) => {
        assert.deepEqual(policyOf(printPolicy(policy)), policy)
      }),
      { numRuns: 40 },
    )
  })

  it("goes through JSON unchanged", () => {
    fc.assert(
      fc.property(policies(), (policy) => {
        assert.deepEqual(JSON.parse(JSON.stringify(policy)), policy)
      }),
      { numRuns: 50 },
    )
  })
})

describe("a damaged policy file", () => {
  it("is read or refused with places in it, and nothing else happens", () => {
    const cut = fc.record({
      at: fc.nat(),
      length: fc.nat(40),
      instead: fc.constantFrom("", ":", "{", "]", "\n", "  ", "&a ", "*a", "-1", "null", "!!x", "\u0000", "<<: ", "'"),
    })
    fc.assert(
      fc.property(policies(), fc.array(cut, { minLength: 1, maxLength: 4 }), (policy, cuts) => {
        let text = printPolicy(policy)
        for (const { at, length, instead } of cuts) {
          const from = at % (text.length + 1)
          text = text.slice(0, from) + instead + text.slice(from + length)
        }
        const lines = text.split("\n").length
        const { policy: read, problems } = readPolicy(text)
        assert.equal(read === null, problems !== null)
        for (const { line, column } of problems ?? []) assert.ok(line >= 1 && line <= lines && column >= 1)
        if (read !== null) assert.deepEqual(policyOf(printPolicy(read)), read)
      }),
      { numRuns: 60 },
    )
  })
})
