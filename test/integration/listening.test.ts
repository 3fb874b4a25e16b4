import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runScenario } from '../helpers/scenario.ts'

/** The processes that this one started, and theirs. */
function descendants(): number[] {
  const parents = new Map<number, number>()
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      // The name in brackets may hold anything; state and parent stand behind it.
      const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ') as [string, string]
      parents.set(Number(pid), Number(parent))
    } catch {
      // It ended meanwhile.
    }
  }
  const found = new Set([process.pid])
  for (let grew = true; grew; ) {
    grew = false
    for (const [pid, parent] of parents) {
      if (found.has(parent) && !found.has(pid)) {
        found.add(pid)
        grew = true
      }
    }
  }
  found.delete(process.pid)
  return [...found]
}

function listening(pids: readonly number[]): { address: string; pid: number }[] {
  const inodes = new Map<string, number>()
  for (const pid of pids) {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      try {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]
        if (inode) inodes.set(inode, pid)
      } catch {
        // It was closed meanwhile.
      }
    }
  }
  const LISTEN = '0A'
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .flatMap(([, local, , state, , , , , , inode]) =>
        state === LISTEN && inode !== undefined && inodes.has(inode)
          ? [{ address: local as string, pid: inodes.get(inode) as number }]
          : [],
      ),
  )
}

test.skipIf(process.platform !== 'linux')('nothing that a run starts listens beyond 127.0.0.1', async () => {
  let seen: ReturnType<typeof listening> = []
  await runScenario(
    `
upstreams: { one: { replicas: 2 }, two: {} }
envoy: { routes: [{ match: { prefix: / }, cluster: one }] }
load: { rate: 100/s }
phases: [{ name: all, for: 300ms }]
`,
    {
      async meanwhile({ at }) {
        await at(100)
        seen = listening(descendants())
      },
    },
  )
  // Envoy: admin, shared, an egress for each cluster, a hop for each replica. Stubs: one for each replica, and control.
  expect(seen.length).toBe(2 + 2 + 3 + 3 + 1)
  const loopback = Buffer.from([127, 0, 0, 1]).reverse().toString('hex').toUpperCase()
  for (const { address } of seen) expect(address).toMatch(new RegExp(`^${loopback}:`))
})
