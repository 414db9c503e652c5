export type { PackageSource, Progress } from './apt.js';
export type { FetchOptions } from './fetch.js';
export { packagesFolder, serversFolder } from './folder.js';
export { fetchPackages, findPackages, type PackageSet, type PackageTree } from './package-tree.js';
export { type ProgramOptions, type ProgramResult, runProgram } from './run-program.js';
