import { PLAIN_ACCOUNT, PLAIN_PARTITION, PLAIN_QOS } from "../policy/default-policy.ts"
import type { Policy, PolicyAccount, PolicyMember, PolicyPartition, PolicyQos } from "../policy/policy.ts"
import { rankFactor } from "../priority/factors.ts"
import { Askings } from "./asking.ts"
import type { QueueJob } from "./queue-scene.ts"

/** Who sends a job where: all that policy says of that, the same for all jobs of one user, account, partition and QOS. */
export interface Standing {
  readonly user: string
  readonly account: string
  readonly partition: PolicyPartition
  readonly qos: PolicyQos
  readonly member: PolicyMember | null
  /** From the user's account up. */
  readonly accounts: readonly PolicyAccount[]
  readonly partitionQos: PolicyQos | null
  /** Factors of its priority. */
  readonly association: number
  readonly partitionFactor: number
  readonly qosFactor: number
  /** Why such a job may not run at all, in words; `null`: it may. */
  readonly refusal: string | null
}

export class Standings {
  readonly askings = new Askings()
  readonly #policy: Policy
  readonly #known = new Map<string, Map<string, Map<string, Map<string, Standing>>>>()
  readonly #accounts: ReadonlyMap<string, PolicyAccount>
  readonly #partitions: ReadonlyMap<string, PolicyPartition>
  readonly #qos: ReadonlyMap<string, PolicyQos>
  /** Users who are in an account. */
  readonly #members: ReadonlySet<string>
  readonly #highest: { readonly association: number; readonly partition: number; readonly qos: number }

  constructor(policy: Policy) {
    this.#policy = policy
    this.#accounts = new Map(policy.accounts.map((one) => [one.name, one]))
    this.#partitions = new Map(policy.partitions.map((one) => [one.name, one]))
    this.#qos = new Map(policy.qos.map((one) => [one.name, one]))
    this.#members = new Set(policy.accounts.flatMap(({ members }) => members.map(({ user }) => user)))
    const highest = (all: Iterable<{ readonly rank: number }>) =>
      [...all].reduce((most, { rank }) => Math.max(most, rank), 0)
    this.#highest = {
      association: highest(policy.accounts.flatMap((one) => [one, ...one.members])),
      partition: highest(policy.partitions),
      qos: highest(policy.qos),
    }
  }

  of(account: string, user: string, partition: string, qos: string): Standing {
    // Level by level, as to join the names for each of a hundred thousand jobs takes longer.
    const known = below(below(below(this.#known, account), user), partition)
    let standing = known.get(qos)
    if (standing === undefined) {
      standing = this.#make(account, user, partition, qos)
      known.set(qos, standing)
    }
    return standing
  }

  /** Why such a job may run in none of its partitions, by the first of them; `null`: it may. */
  refusalOf({
    account,
    user,
    partitions,
    qos,
  }: Pick<QueueJob, "account" | "user" | "partitions" | "qos">): string | null {
    const refusals = partitions.map((partition) => this.of(account, user, partition, qos).refusal)
    return refusals.includes(null) ? null : (refusals[0] ?? null)
  }

  #make(account: string, user: string, partitionName: string, qosName: string): Standing {
    const accounts: PolicyAccount[] = []
    for (let name: string | null = account; name !== null && accounts.length <= this.#accounts.size; ) {
      const one: PolicyAccount | undefined = this.#accounts.get(name)
      if (one !== undefined) accounts.push(one)
      name = one?.parent ?? null
    }
    const member = accounts[0]?.members.find((one) => one.user === user) ?? null
    const partition = this.#partitions.get(partitionName) ?? { ...PLAIN_PARTITION, name: partitionName }
    const qos = this.#qos.get(qosName) ?? { ...PLAIN_QOS, name: qosName }
    const { raw } = this.#policy.priority
    // As in Slurm, who has no rank has that of the account.
    const rank = [member?.rank ?? 0, ...accounts.map((one) => one.rank)].find((each) => each !== 0) ?? 0
    return {
      user,
      account,
      partition,
      qos,
      member,
      accounts,
      partitionQos: partition.qos === null ? null : (this.#qos.get(partition.qos) ?? null),
      association: rankFactor(rank, this.#highest.association, raw.includes("association")),
      partitionFactor: rankFactor(partition.rank, this.#highest.partition, raw.includes("partition")),
      qosFactor: rankFactor(qos.rank, this.#highest.qos, raw.includes("qos")),
      refusal: this.#refusal({ user, account, partitionName, qosName, accounts, member, partition }),
    }
  }

  #refusal(asked: {
    readonly user: string
    readonly account: string
    readonly partitionName: string
    readonly qosName: string
    readonly accounts: readonly PolicyAccount[]
    readonly member: PolicyMember | null
    readonly partition: PolicyPartition
  }): string | null {
    const { user, account, partitionName, qosName, accounts, member, partition } = asked
    if (!this.#partitions.has(partitionName)) return `there is no partition ${partitionName}`
    if (!this.#accounts.has(account)) return `there is no account ${account}`
    if (!this.#qos.has(qosName)) return `there is no QOS ${qosName}`
    if (member === null && account !== this.#policy.defaultAccount) return `${user} is not in account ${account}`
    // Who is in no account is in the one for all; others would get past the shares and limits of theirs there, as in Slurm they cannot.
    if (member === null && this.#members.has(user))
      return `${user} is not in account ${account}, which is for those who are in none`
    if (partition.users !== null && !partition.users.includes(user))
      return `partition ${partitionName} is not for ${user}`
    const isLetIn = partition.accounts === null || accounts.some(({ name }) => partition.accounts?.includes(name))
    if (!isLetIn) return `partition ${partitionName} is not for account ${account}`
    if (partition.allowedQos !== null && !partition.allowedQos.includes(qosName)) {
      return `partition ${partitionName} takes no jobs of QOS ${qosName}`
    }
    const allowed = [member ?? PLAIN_ACCOUNT, ...accounts].find((one) => one.qos !== null)?.qos ?? null
    return allowed === null || allowed.includes(qosName)
      ? null
      : `${user} may not use QOS ${qosName} in account ${account}`
  }
}

function below<T>(level: Map<string, Map<string, T>>, name: string): Map<string, T> {
  let known = level.get(name)
  if (known === undefined) {
    known = new Map()
    level.set(name, known)
  }
  return known
}
