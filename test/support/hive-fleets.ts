import { budgetOf, type Fleet, type FleetHost, keptWithoutOwner } from "../../src/hive/fleet/fleet.ts"
import type { LayerFacts, ModelFacts } from "../../src/hive/model/model-facts.ts"

const GIB = 1024 ** 3

/** A Mac of so much memory that nobody sits at. */
export function mac(name: string, gib: number, changes: Partial<FleetHost> = {}): FleetHost {
  const memoryBytes = gib * GIB
  const workingSetBytes = Math.floor(gib <= 36 ? (memoryBytes * 2) / 3 : (memoryBytes * 3) / 4)
  const keptBytes = keptWithoutOwner(memoryBytes)
  return {
    name,
    chip: "Apple M3 Ultra",
    memoryBytes,
    workingSetBytes,
    keptBytes,
    budgetBytes: budgetOf(memoryBytes, keptBytes, workingSetBytes),
    bandwidthGbPerS: 819,
    tflops: 28.3,
    network: { kind: "ethernet", mbps: 10_000 },
    cables: [],
    hasRdma: false,
    mlxLm: null,
    excluded: null,
    ...changes,
  }
}

export function fleetOf(...hosts: readonly FleetHost[]): Fleet {
  return { hosts, links: [] }
}

/** A model of layers of these bytes, without cache, embeddings and experts. */
export function layeredModel(layerBytes: readonly number[], changes: Partial<ModelFacts> = {}): ModelFacts {
  const layers = layerBytes.map(
    (bytes): LayerFacts => ({ bytes, activeBytes: bytes, activeParameters: bytes * 2, cache: [] }),
  )
  return {
    name: "made",
    format: "gguf",
    architecture: "llama",
    quantisation: "Q4_0",
    parameters: layerBytes.reduce((sum, bytes) => sum + bytes, 0) * 2,
    layers,
    embeddingBytes: 0,
    outputBytes: 0,
    outputParameters: 0,
    otherBytes: 0,
    hiddenSize: 1024,
    feedForwardSize: 4096,
    vocabularySize: 32_000,
    longestTokenBytes: null,
    knowsTools: true,
    contextTokens: null,
    heads: 16,
    kvHeads: 8,
    experts: null,
    isTied: false,
    pooling: null,
    projector: null,
    lack: null,
    notes: [],
    ...changes,
  }
}
