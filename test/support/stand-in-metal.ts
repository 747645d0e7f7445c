import { execFileSync } from "node:child_process"
import { existsSync, writeFileSync } from "node:fs"
import type { MetalPlaces } from "../../src/agent/doctor/metal-program.ts"
import type { ScratchFolder } from "./scratch-folder.ts"

export const HAS_COMPILER = existsSync("/usr/bin/cc")

/**
 * What the program calls of Objective-C and Metal, with the same C interface: messages by name, sizes by address, buffers that both
 * sides see. It "compiles" whatever it gets and computes what the kernel computes, unless it is to fail.
 */
const SOURCE = `
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
static uint32_t *buffers[2]; static int made, run, ended; static long bound[2];
void *objc_autoreleasePoolPush(void) { return 0; }
void *sel_registerName(const char *name) { return strdup(name); }
void *objc_getClass(const char *name) { return strcmp(name, "NSString") ? 0 : (void *)0x10; }
void *MTLCopyAllDevices(void) { return (void *)0x20; }
void *MTLCreateSystemDefaultDevice(void) { return DEVICES ? (void *)0x30 : 0; }
static void compute(void) {
  for (uint32_t at = 0; at < 65536; at++) {
    uint32_t value = buffers[0][at];
    for (uint32_t round = 0; round < 16; round++) value = (value ^ (value >> 15)) * 2654435761u + at;
    buffers[1][at] = value + (WRONG && at == 77);
  }
}
void *objc_msgSend(void *self, const char *name, void *a, void *b, void *c) {
  if (!strcmp(name, "count")) return (void *)(intptr_t)DEVICES;
  if (!strcmp(name, "objectAtIndex:")) return (void *)0x30;
  if (!strcmp(name, "stringWithUTF8String:")) return a;
  if (!strcmp(name, "name")) return "Apple Stand-in";
  if (!strcmp(name, "localizedDescription")) return "as it was told to";
  if (!strcmp(name, "UTF8String")) return self;
  if (!strcmp(name, "newLibraryWithSource:options:error:")) {
    if (COMPILES && strstr(a, "kernel void mix(") && !b) return (void *)0x40;
    *(void **)c = (void *)0x50;
    return 0;
  }
  if (!strcmp(name, "newFunctionWithName:")) return strcmp(a, "mix") ? 0 : (void *)0x60;
  if (!strcmp(name, "newComputePipelineStateWithFunction:error:")) return (void *)0x70;
  if (!strcmp(name, "newCommandQueue")) return (void *)0x80;
  if (!strcmp(name, "newBufferWithLength:options:")) {
    buffers[made] = calloc(1, (size_t)a);
    return (void *)(intptr_t)(0x90 + made++);
  }
  if (!strcmp(name, "contents")) return buffers[(intptr_t)self - 0x90];
  if (!strcmp(name, "commandBuffer")) return (void *)0xa0;
  if (!strcmp(name, "computeCommandEncoder")) return (void *)0xb0;
  if (!strcmp(name, "setBuffer:offset:atIndex:")) bound[(intptr_t)c] = (intptr_t)a;
  if (!strcmp(name, "dispatchThreadgroups:threadsPerThreadgroup:")) {
    uint64_t *groups = a, *threads = b;
    run = groups[0] * threads[0] == 65536 && groups[1] == 1 && groups[2] == 1 && threads[1] == 1 && threads[2] == 1;
  }
  if (!strcmp(name, "endEncoding")) ended = 1;
  if (!strcmp(name, "commit") && run && ended && bound[0] == 0x90 && bound[1] == 0x91) compute();
  if (!strcmp(name, "status")) return (void *)(intptr_t)(run ? 4 : 5);
  return 0;
}
`

export interface StandIn {
  readonly devices?: number
  readonly wrong?: boolean
  readonly compiles?: boolean
}

export function standInMetal(
  scratch: ScratchFolder,
  { devices = 1, wrong = false, compiles = true }: StandIn,
): MetalPlaces {
  const library = scratch.at(`metal-${devices}-${wrong}-${compiles}.so`)
  writeFileSync(scratch.at("metal.c"), SOURCE)
  const values = [`-DDEVICES=${devices}`, `-DWRONG=${Number(wrong)}`, `-DCOMPILES=${Number(compiles)}`]
  execFileSync("/usr/bin/cc", ["-shared", "-fPIC", "-w", ...values, "-o", library, scratch.at("metal.c")])
  return { objc: library, metal: library, coreGraphics: library }
}
