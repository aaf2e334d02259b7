// Follow a line and repair gaps, with nothing of edgevl: npm install zeromq; node follow.mjs FEED REQUESTS TOPIC
// node follow.mjs tcp://127.0.0.1:5560 tcp://127.0.0.1:5561 verdict/steel/belt
import { Request, Subscriber } from "zeromq";

const [feed, requests, topic] = process.argv.slice(2);
const subscriber = new Subscriber();
const asker = new Request({ receiveTimeout: 5000 });
subscriber.connect(feed);
subscriber.subscribe(topic, "line/"); // the heartbeat names the newest number, so that a lost end shows too
asker.connect(requests);

async function ask(question) {
  await asker.send(JSON.stringify(question));
  const [answer, ...messages] = (await asker.receive()).map((frame) => JSON.parse(frame));
  if (answer.type === "error") throw new Error(answer.detail);
  return { answer, messages };
}

let { marks, epoch } = (await ask({ type: "snapshot" })).answer;
let next = marks[topic] ? { epoch: marks[topic].epoch, number: marks[topic].number + 1 } : { epoch, number: 0 };
console.log("following");
for await (const [, body] of subscriber) {
  const { kind, epoch, number, last } = JSON.parse(body);
  const newest = kind === "line" ? last[topic] : number;
  if (newest === undefined || (epoch === next.epoch && newest < next.number)) continue;
  for (let start = next; start; ) {
    const { answer, messages } = await ask({ type: "replay", topic, start });
    for (const verdict of messages) console.log(verdict.id, verdict.status);
    const end = messages.at(-1);
    if (end) next = { epoch: end.epoch, number: end.number + 1 };
    start = answer.next;
  }
}
