import type { Case } from '../kit/transcript.js';
import { commandCases } from './commands.js';
import { connectionCases } from './connection.js';
import { orderCases } from './order.js';
import { roleChangeCases } from './role-change.js';
import { scriptCases } from './scripts.js';
import { transactionCases } from './transactions.js';

/** What Valkey 9.1 answers a client that has announced `CLIENT CAPA redirect`, or has not. */
export const table: readonly Case[] = [
  ...commandCases,
  ...scriptCases,
  ...transactionCases,
  ...connectionCases,
  ...orderCases,
  ...roleChangeCases,
];
