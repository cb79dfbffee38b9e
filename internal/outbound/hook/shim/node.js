// Runs the handler of an ordinary Lambda file. Events arrive on descriptor 0,
// one JSON object a line; answers leave on descriptor 3, so that whatever a
// handler prints does not get mixed up with them.
'use strict';
const fs = require('node:fs');
const { pathToFileURL } = require('node:url');
const [file, name] = process.argv.slice(1);

const loaded = import(pathToFileURL(file).href).then((module) => {
  const handler = module[name] ?? module.default?.[name];
  if (typeof handler !== 'function') throw new Error(`${file} has no function named ${name}`);
  return handler;
});
loaded.catch(() => {}); // told at the first event

function answer(value) {
  const bytes = Buffer.from(JSON.stringify(value) + '\n');
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(3, bytes, at);
}

function failed(error) {
  if (error instanceof Error) return { errorMessage: error.message, errorType: error.name };
  return { errorMessage: typeof error === 'string' ? error : JSON.stringify(error) ?? 'undefined', errorType: 'Error' };
}

function context(call, settle) {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: '$LATEST',
    invokedFunctionArn: call.arn,
    memoryLimitInMB: '256',
    awsRequestId: call.requestId,
    logGroupName: '',
    logStreamName: '',
    getRemainingTimeInMillis: () => Math.max(0, call.deadline - Date.now()),
    done: settle,
    succeed: (value) => settle(null, value),
    fail: (error) => settle(error ?? new Error('failed')),
  };
}

async function run(call) {
  const handler = await loaded;
  return new Promise((resolve, reject) => {
    const settle = (error, value) => (error === null || error === undefined ? resolve(value) : reject(error));
    const returned = handler(call.event, context(call, settle), settle);
    if (typeof returned?.then === 'function') returned.then(resolve, reject);
    else if (handler.length < 2) resolve(null); // nothing is left that could answer
  });
}

async function serve(line) {
  const call = JSON.parse(line);
  try {
    answer({ answer: (await run(call)) ?? null });
  } catch (error) {
    answer({ error: failed(error) });
  }
}

process.on('uncaughtException', (error) => {
  answer({ error: failed(error) });
  process.exit(1);
});
process.on('unhandledRejection', (error) => {
  answer({ error: failed(error) });
  process.exit(1);
});

let rest = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (text) => {
  rest += text;
  for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
    serve(rest.slice(0, end));
    rest = rest.slice(end + 1);
  }
});
process.stdin.on('end', () => process.exit(0));
