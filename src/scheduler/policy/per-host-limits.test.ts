import assert from "node:assert/strict"
import { test } from "node:test"
import { readPolicy } from "./read-policy.ts"

const inP = (limits: string, more = "") => `partitions: {p: {${more}limits: {job: {${limits}}}}}\ndefault-partition: p`

const refused: readonly (readonly [text: string, at: string, why: string])[] = [
  [
    inP("resources-per-host: {gpu: 0}, min-resources: {gpu: 1}"),
    "1:84 partitions.p.limits.job.min-resources.gpu",
    "the least is 1, and any hosts with 0 each come to 0",
  ],
  [
    inP("resources-per-host: {gpu: 1}, min-resources: {gpu: 3}", "hosts: [a, b], "),
    "1:99 partitions.p.limits.job.min-resources.gpu",
    "the least is 3, and 2 hosts at most with 1 each come to 2",
  ],
  [
    `limits: {job: {min-resources: {memory: 9G}}}\n${inP("resources-per-host: {memory: 4G}", "hosts: [a, b], ")}`,
    "1:40 limits.job.min-resources.memory",
    "the least is 9 GiB, and 2 hosts at most with 4 GiB each come to 8 GiB by partitions.p.limits.job.resources-per-host.memory and partitions.p.hosts",
  ],
  [
    inP("resources: {cpu: 2.5}, resources-per-host: {gpu: 1}, min-resources: {gpu: 3}"),
    "1:107 partitions.p.limits.job.min-resources.gpu",
    "the least is 3, and 2 hosts at most, of a core each, with 1 each come to 2",
  ],
  [
    inP("resources-per-host: {cpu: 0.5}"),
    "1:59 partitions.p.limits.job.resources-per-host.cpu",
    "every job needs a core",
  ],
]

for (const [text, at, why] of refused) {
  test(`a policy is refused as no job can meet ${text}`, () => {
    const { policy, problems } = readPolicy(text)
    assert.ok(policy === null)
    assert.deepEqual(
      problems.map(({ line, column, text: said }) => `${line}:${column} ${said}`),
      [`${at}: is a limit that nobody can meet: ${why}`],
    )
  })
}

test("limits for each host are taken that a job can meet: where hosts are meant by their chip, and of licences, of which no host has any", () => {
  for (const text of [
    inP("resources-per-host: {gpu: 1}, min-resources: {gpu: 3}", "hosts: [a, {chip: M4}], "),
    inP("resources-per-host: {gpu: 1}, min-resources: {gpu: 3}", "hosts: [a, b, c], "),
    "limits: {job: {max-hosts: 1, resources-per-host: {license/m: 1}, min-resources: {license/m: 2}}}",
    "limits: {job: {resources: {cpu: 1.5}, minutes: {cpu: 0.5}}}",
  ])
    assert.equal(readPolicy(text).problems, null, text)
})
