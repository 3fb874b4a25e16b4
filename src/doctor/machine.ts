import { readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { availableParallelism, loadavg, totalmem } from 'node:os'
import { dirname, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../topology/ports.ts'
import type { Check } from './check.ts'

const ENOUGH_MEMORY = 500e6
const ENOUGH_DISK = 1e9
const PORTS = 100
/** A time that is read off coarser than this blurs latencies of a millisecond. */
const FINE_ENOUGH_US = 100
/** Requests that go out so late count as not sent when they were due. */
const PUNCTUAL_MS = 5

/** Cores, memory, disk, ports and clocks, in that order. None of them keeps a run from starting but ports. */
export async function machineChecks(): Promise<Check[]> {
  return [
    cores(),
    memory(),
    await diskSpace('disk for results', 'chaos-results', '--out names another folder'),
    await ports(),
    await clock(),
  ]
}

function cores(): Check {
  const count = availableParallelism()
  const busy = (loadavg()[0] as number) / count
  const found = `${count}, ${Math.round(100 * busy)}% busy in the last minute`
  if (count < 2) {
    return {
      name: 'cores',
      status: 'note',
      found,
      meaning: 'load, Envoy and stubs share one core: above some 100 requests/s verdicts may be inconclusive',
      remedy: 'use a machine with two cores or more, or a lower rate',
    }
  }
  if (busy > 1) {
    return {
      name: 'cores',
      status: 'note',
      found,
      meaning: 'other programs take the processor from the load, so verdicts may be inconclusive',
      remedy: 'give runs the machine to themselves',
    }
  }
  return { name: 'cores', status: 'ok', found }
}

function memory(): Check {
  const [free, total] = [process.availableMemory(), Math.min(process.constrainedMemory() || Infinity, totalmem())]
  const found = `${gigabytes(free)} of ${gigabytes(total)} GB free`
  if (free >= ENOUGH_MEMORY) return { name: 'memory', status: 'ok', found }
  return { name: 'memory', status: 'note', found, meaning: 'a long run may be killed for it', remedy: `free ${ENOUGH_MEMORY / 1e6} MB` }
}

/** @param remedy - what else than freeing some helps */
export async function diskSpace(name: string, folder: string, remedy: string): Promise<Check> {
  for (let place = resolve(folder); ; place = dirname(place)) {
    const disk = await statfs(place).catch(() => undefined)
    if (!disk && place !== dirname(place)) continue
    if (!disk) return { name, status: 'note', found: `not known for ${folder}` }
    const free = disk.bavail * disk.bsize
    const found = `${gigabytes(free)} GB free at ${place}`
    if (free >= ENOUGH_DISK) return { name, status: 'ok', found }
    return { name, status: 'note', found, meaning: 'a disk that gets full ends a run', remedy: `free ${ENOUGH_DISK / 1e9} GB; ${remedy}` }
  }
}

async function ports(): Promise<Check> {
  try {
    await freePorts('127.0.0.1', PORTS)
  } catch (error) {
    return {
      name: 'ports',
      status: 'gap',
      found: `no ${PORTS} free ports on 127.0.0.1: ${(error as Error).message}`,
      meaning: 'Envoy and stubs each need some',
      remedy: 'end programs that hold many ports, or widen net.ipv4.ip_local_port_range',
    }
  }
  const [from, to] = readOrEmpty('/proc/sys/net/ipv4/ip_local_port_range').trim().split(/\s+/)
  return { name: 'ports', status: 'ok', found: `${PORTS} at once on 127.0.0.1${to ? `; the system gives ${from} to ${to}` : ''}` }
}

async function clock(): Promise<Check> {
  const resolution = Math.min(...Array.from({ length: 200 }, tick)) * 1000
  const late: number[] = []
  for (let i = 0; i < 50; i++) {
    const due = performance.now() + 1
    await sleep(1)
    late.push(performance.now() - due)
  }
  late.sort((a, b) => a - b)
  const [median, worst] = [late[25], late.at(-1)] as [number, number]
  const found = `read to ${resolution.toPrecision(1)} µs; timers ${median.toFixed(1)} ms late, at worst ${worst.toFixed(1)} ms`
  if (resolution <= FINE_ENOUGH_US && median <= PUNCTUAL_MS) return { name: 'clock', status: 'ok', found }
  return {
    name: 'clock',
    status: 'note',
    found,
    meaning: 'requests go out late, or latencies are blurred: verdicts may be inconclusive',
    remedy: 'give runs the machine to themselves; virtual machines may need another clock source',
  }
}

/** @returns the shortest step of the clock that was seen, in ms */
function tick(): number {
  const started = performance.now()
  let now = started
  while (now === started) now = performance.now()
  return now - started
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const gigabytes = (bytes: number) => Number((bytes / 1e9).toPrecision(2)).toString()
