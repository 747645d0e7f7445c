import { HIVE_STOP_SIGNAL, type HiveOrder, stopGraceMs } from "../../hive/order/hive-order.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { DEFAULT_SPEC, type JobSpec } from "../../protocol/job.ts"
import { hiveJobName, type ReplicaPlan } from "../../protocol/model-api.ts"
import type { ModelRecord } from "../../store/model-record.ts"
import type { Core } from "../core.ts"
import type { EnginePackages } from "./engine-packages.ts"
import { HIVE_COMMAND } from "./hive-workspace.ts"
import { MODEL_FOLDER } from "./make-order.ts"

/** Prompts are read by some more than one where there is no GPU; more than these make no token quicker. */
const MOST_CORES = 4

/** The job that a hive is: on just the hosts of its plan, with just the memory that it needs on each. */
export function hiveSpec(
  core: Core,
  { name, user, data, version }: ModelRecord,
  number: number,
  plan: ReplicaPlan,
  workspace: BlobHash,
  order: HiveOrder,
  packages: EnginePackages | null,
): JobSpec {
  const { members } = plan
  const jobName = hiveJobName(name, number)
  const cores = Math.min(...members.map(({ host }) => core.fleet.find(host).total.cores))
  return {
    ...DEFAULT_SPEC,
    kind: "hive",
    name: core.table.named(user, jobName) === undefined ? jobName : null,
    command: HIVE_COMMAND,
    workspace,
    resources: {
      memoryBytes: Math.min(...members.map(({ needBytes }) => needBytes)),
      gpus: null,
      cores: Math.max(1, Math.min(MOST_CORES, Math.floor(cores / 2))),
    },
    // Engines end at any other one, under their answers.
    stopSignal: HIVE_STOP_SIGNAL,
    graceMs: stopGraceMs(order),
    outputs: [],
    checkpoint: [],
    ...(packages === null ? {} : { environment: packages.environment, env: packages.env }),
    data: [{ name: data, path: MODEL_FOLDER, version, root: null, bytes: 0 }],
    ...(members.length === 1
      ? { host: members[0]!.hostName }
      : {
          gang: {
            hosts: members.length,
            onMemberFailure: "end",
            outputsFrom: "main",
            ...(plan.over === undefined ? {} : { network: plan.over }),
            members: members.map(({ host, needBytes }, rank) => ({
              host,
              memoryBytes: needBytes,
              // Where it reads nothing of the model itself, weights need not be brought.
              hasData: order.members[rank]?.modelPath !== null,
            })),
          },
        }),
  }
}
