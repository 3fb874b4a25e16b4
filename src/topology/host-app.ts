import { join } from 'node:path'
import type { Address, Addresses } from '../envoy/addresses.ts'
import type { PlannedApp } from '../plan/plan.ts'
import { tellApp } from './app-environment.ts'
import { type AppProcess, startApp } from './app-process.ts'
import type { freePorts } from './ports.ts'
import { startRunner } from './runner-process.ts'

const HOST = '127.0.0.1'

export interface HostApp extends AppProcess {
  address: Address
}

export interface HostAppOptions {
  /** Of the results. */
  directory: string
  /** What it inherits. */
  env: NodeJS.ProcessEnv
  signal: AbortSignal
  choosePorts: typeof freePorts
}

/**
 * Starts an app that is a program of this machine, however the rest of the topology runs, and waits until it is ready.
 * @param reached - where this machine reaches Envoy
 * @param cwd - the folder of the scenario
 */
export async function startHostApp(
  app: PlannedApp,
  reached: Pick<Addresses, 'shared' | 'egress'>,
  cwd: string,
  { directory, env, signal, choosePorts }: HostAppOptions,
): Promise<HostApp> {
  const log = hostAppLog(directory)
  if (app.runWithin !== undefined) {
    const place = { ...tellApp(app, { host: HOST, port: 0 }, reached, env), cwd, log }
    return await startRunner(place, HOST, app.runWithin, signal)
  }
  const port = app.port ?? ((await choosePorts(HOST, 1))[0] as number)
  const address = { host: HOST, port }
  return { address, ...(await startApp(app, { address, ...tellApp(app, address, reached, env), cwd, log }, signal)) }
}

export const hostAppLog = (directory: string) => join(directory, 'logs', 'app.log')
