/** What a lease holds on one host. */
export interface Resources {
  /** Unified memory in bytes. */
  readonly memoryBytes: number
  /** Whole GPUs: 0 or 1 on a Mac. */
  readonly gpus: number
  /** CPU cores; fractions are not given out. */
  readonly cores: number
}

/** What a job asks for on each host. */
export interface ResourceRequest {
  /** `null` when the sender did not say: then what earlier runs needed is leased (earlier-runs.ts), or {@link DEFAULT_MEMORY_BYTES}, and it is held to nothing while the host has enough. */
  readonly memoryBytes: number | null
  /** `null` when the sender did not say: then the GPU is leased where the host has one, since a job may use Metal unasked. */
  readonly gpus: number | null
  readonly cores: number
}

/** What a job asks for that says nothing. */
export const DEFAULT_REQUEST: ResourceRequest = { memoryBytes: null, gpus: null, cores: 1 }

/** Memory that is leased to a job that did not say. */
export const DEFAULT_MEMORY_BYTES = 512 * 1024 ** 2

const MOST_SLACK_BYTES = 1024 ** 3

/** What an attempt may hold that asked for so much: a tenth more, at most 1 GiB. Beyond it is ended. */
export function allowedBytes(requestBytes: number): number {
  return requestBytes + Math.min(requestBytes / 10, MOST_SLACK_BYTES)
}

export const NO_RESOURCES: Resources = { memoryBytes: 0, gpus: 0, cores: 0 }

/** What `request` takes on a host that has `total`. */
export function needOn(request: ResourceRequest, total: Resources): Resources {
  return {
    memoryBytes: request.memoryBytes ?? DEFAULT_MEMORY_BYTES,
    gpus: request.gpus ?? Math.min(1, total.gpus),
    cores: request.cores,
  }
}

export function addResources(a: Resources, b: Resources): Resources {
  return { memoryBytes: a.memoryBytes + b.memoryBytes, gpus: a.gpus + b.gpus, cores: a.cores + b.cores }
}

export function subtractResources(a: Resources, b: Resources): Resources {
  return { memoryBytes: a.memoryBytes - b.memoryBytes, gpus: a.gpus - b.gpus, cores: a.cores - b.cores }
}

/** Whether `need` fits into `free` in every dimension. */
export function fits(need: Resources, free: Resources): boolean {
  return need.memoryBytes <= free.memoryBytes && need.gpus <= free.gpus && need.cores <= free.cores
}
