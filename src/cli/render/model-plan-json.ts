import { activeBytes, weightBytes } from "../../hive/model/model-facts.ts"
import type { HivePlan, ModelPlan, Rate } from "../../hive/plan/model-plan.ts"

/** What `model plan --json` prints (docs/model-plan.md). Sums add up: of a member the four parts are what it needs. */
export function modelPlanJson(plan: ModelPlan): object {
  const { model, request } = plan
  const [hive] = plan.replicas
  return {
    fits: plan.replicas.length > 0,
    model: {
      name: model.name,
      format: model.format,
      architecture: model.architecture,
      quantisation: model.quantisation,
      parameters: Math.round(model.parameters),
      layers: model.layers.length,
      weightBytes: Math.round(weightBytes(model)),
      activeBytes: Math.round(activeBytes(model)),
      embeddingBytes: model.embeddingBytes,
      outputBytes: model.outputBytes,
      otherBytes: model.otherBytes,
      tiedEmbeddings: model.isTied,
      projector: model.projector,
      contextTokens: model.contextTokens,
      experts: model.experts,
      pooling: model.pooling,
      notes: model.notes,
    },
    request: { ...request, engine: plan.engine },
    plan: hive === undefined ? null : hiveJson(hive),
    replicas: plan.replicas.map(hiveJson),
    wholeOn: plan.wholeOn,
    alternatives: plan.alternatives.map(hiveJson),
    hosts: plan.verdicts,
    advice: plan.advice,
    remedies: plan.remedies,
  }
}

function hiveJson(hive: HivePlan): object {
  const { prediction } = hive
  return {
    engine: hive.engine,
    mode: hive.mode,
    usesWifi: hive.usesWifi,
    tokenMs: hive.tokenMs,
    hopsMs: hive.hopsMs,
    tensorSplit: hive.tensorSplit,
    members: hive.members.map((member) => ({
      host: member.host.name,
      head: member.isHead,
      firstLayer: member.layers.from,
      lastLayer: member.layers.to - 1,
      layers: member.layers.to - member.layers.from,
      embeddings: member.hasEmbeddings,
      output: member.hasOutput,
      weightBytes: Math.round(member.weightBytes),
      kvBytes: Math.round(member.cacheBytes),
      computeBytes: Math.round(member.computeBytes),
      reserveBytes: Math.round(member.reserveBytes),
      needBytes: Math.round(member.needBytes),
      budgetBytes: member.host.budgetBytes,
      memoryBytes: member.host.memoryBytes,
      workingSetBytes: member.host.workingSetBytes,
      keptBytes: member.host.keptBytes,
      tight: member.isTight,
      tokenMs: member.tokenMs,
    })),
    links: hive.ways.map(({ from, to, kind, mbps, roundTripMs, isMeasured, isTunnelled, hopMs }) => ({
      from,
      to,
      kind,
      mbps,
      roundTripMs,
      measured: isMeasured,
      tunnel: isTunnelled === true,
      tokenMs: hopMs,
    })),
    tokensPerSecond:
      prediction === null
        ? null
        : {
            generation: rateJson(prediction.generation),
            generationAtFullContext: rateJson(prediction.generationAtFullContext),
            prompt: prediction.prompt === null ? null : rateJson(prediction.prompt),
          },
    basis: prediction?.basis ?? [],
  }
}

function rateJson({ low, expected, high }: Rate): object {
  return { low: rounded(low), expected: rounded(expected), high: rounded(high) }
}

function rounded(rate: number): number {
  return Math.round(rate * 100) / 100
}
