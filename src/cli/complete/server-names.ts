import type { InviteView, JobList, SecretView, TokenView, UserView } from "../../protocol/api.ts"
import type { StoredDataView } from "../../protocol/data-api.ts"
import type { HostView } from "../../protocol/host.ts"
import { jobNumber } from "../../protocol/job-array.ts"
import { isFinal, JOB_STATES } from "../../protocol/job-state.ts"
import type { ModelView } from "../../protocol/model-api.ts"
import type { TargetView } from "../../protocol/notify-api.ts"
import { targetText } from "../../protocol/notify-target.ts"
import type { PolicyView } from "../../protocol/policy-api.ts"
import type { Cli } from "../cli.ts"
import { commandText } from "../render/job-text.ts"
import { countText, printable } from "../render/table.ts"
import type { Candidate } from "./candidates.ts"
import type { PolicyName } from "./policy-names.ts"

const MAX_JOBS = 50
/** Of these also jobs that have ended are meant. */
const OF_ENDED_JOBS = new Set(["show", "logs", "get", "rerun", "events"])

/** What the server has names or ids of. */
export type Named = "JOB" | "HOST" | "DATA" | "USER" | "TOKEN" | "INVITE" | "SECRET" | "TARGET" | "MODEL" | PolicyName

/** All of a kind that this user may see, by what is typed for them. @throws whatever the client does */
export function namesOf(cli: Cli, named: Named, command: string, signal: AbortSignal): Promise<Candidate[]> {
  return NAMES[named](
    (path, query = {}) => cli.client.get(path, { query, signal, patienceMs: 0 }),
    OF_ENDED_JOBS.has(command),
  )
}

type Get = <Answer>(path: string, query?: Readonly<Record<string, string | number | undefined>>) => Promise<Answer>

const NAMES: Readonly<Record<Named, (get: Get, ended: boolean) => Promise<Candidate[]>>> = {
  async JOB(get, ended) {
    const state = ended ? undefined : JOB_STATES.filter((one) => !isFinal(one)).join(",")
    const list = await get<JobList>("/v1/jobs", { state, limit: MAX_JOBS })
    return list.jobs.flatMap(({ id, task, spec, state: stands }) => {
      const meaning = printable(`${stands}: ${commandText(spec.command)}`)
      // Tasks go by the name of their array.
      const name = task === undefined ? spec.name : null
      return [jobNumber({ id, task }), ...(name === null ? [] : [name])].map((text) => ({ text, meaning }))
    })
  },
  async HOST(get) {
    const { hosts } = await get<{ hosts: HostView[] }>("/v1/hosts")
    return hosts.map(({ name, link, facts }) => ({ text: name, meaning: printable(facts?.chip ?? link) }))
  },
  async DATA(get) {
    const { data } = await get<{ data: StoredDataView[] }>("/v1/data")
    return data.map(({ name, user, versions }) => {
      const latest = versions.at(-1)
      return { text: name, meaning: `${user}: ${latest === undefined ? "at a host" : countText(latest.files)}` }
    })
  },
  async MODEL(get) {
    const { models } = await get<{ models: ModelView[] }>("/v1/hives")
    return models.map(({ name, state, user }) => ({ text: name, meaning: `${state}: ${user}` }))
  },
  ACCOUNT: (get) => policyNames(get, "ACCOUNT"),
  QOS: (get) => policyNames(get, "QOS"),
  PARTITION: (get) => policyNames(get, "PARTITION"),
  async USER(get) {
    const { users } = await get<{ users: UserView[] }>("/v1/users")
    return users.map(({ name, role }) => ({ text: name, meaning: role }))
  },
  async TOKEN(get) {
    const { tokens } = await get<{ tokens: TokenView[] }>("/v1/tokens")
    return tokens.map(({ id, user, role }) => ({ text: id, meaning: `${user} (${role})` }))
  },
  async INVITE(get) {
    const { invites } = await get<{ invites: InviteView[] }>("/v1/invites")
    return invites.map(({ id, purpose, about }) => ({ text: id, meaning: printable(`${purpose} ${about}`) }))
  },
  async SECRET(get) {
    const { secrets } = await get<{ secrets: SecretView[] }>("/v1/secrets")
    return secrets.map(({ name }) => ({ text: name, meaning: "" }))
  },
  async TARGET(get) {
    const { targets } = await get<{ targets: TargetView[] }>("/v1/notify")
    return targets.map((target) => ({ text: target.id, meaning: printable(targetText(target)) }))
  },
}

async function policyNames(get: Get, named: PolicyName): Promise<Candidate[]> {
  const { text } = await get<PolicyView>("/v1/policy")
  return (await import("./policy-names.ts")).namesInPolicy(text, named)
}
