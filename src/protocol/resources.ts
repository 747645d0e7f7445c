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
  readonly memoryBytes: number
  /** `null` when the sender did not say: then the GPU is leased where the host has one, since a job may use Metal unasked. */
  readonly gpus: number | null
  readonly cores: number
}

/** What a job asks for that says nothing. */
export const DEFAULT_REQUEST: ResourceRequest = { memoryBytes: 512 * 1024 ** 2, gpus: null, cores: 1 }

export const NO_RESOURCES: Resources = { memoryBytes: 0, gpus: 0, cores: 0 }

/** What `request` takes on a host that has `total`. */
export function needOn(request: ResourceRequest, total: Resources): Resources {
  return {
    memoryBytes: request.memoryBytes,
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
