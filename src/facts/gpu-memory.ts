const MIB = 1024 ** 2
const GIB = 1024 ** 3
/** Up to this size of memory Metal recommends two thirds, above three quarters. */
const SMALL_BYTES = 36 * GIB

/**
 * The memory that Metal lets a Mac's GPU work with (`recommendedMaxWorkingSetSize`), in bytes, from the size of its memory and
 * from `iogpu.wired_limit_mb`, which overrides it where it is not 0. No command tells the built-in value; seen were 21,845 MiB of
 * 32 GB and 49,152 MiB of 64 GB (llama.cpp), and between 74 and 90 % on newer systems. This is the lower of what was seen, as
 * who asks for more than there is swaps.
 *
 * @param wiredLimitMb `null` where it is not known
 */
export function gpuMemoryBytes(memoryBytes: number, wiredLimitMb: number | null): number {
  // A limit beyond the memory there is says only that there is none.
  if (wiredLimitMb !== null && wiredLimitMb > 0) return Math.min(memoryBytes, wiredLimitMb * MIB)
  return Math.floor(memoryBytes <= SMALL_BYTES ? (memoryBytes * 2) / 3 : (memoryBytes * 3) / 4)
}
