// Reads calendar files, one JSON string a line, and says a line for each: what ical.js and node-ical understood.

import { createInterface } from 'node:readline';
import ICAL from 'ical.js';
import nodeIcal from 'node-ical';

const asked = createInterface({ input: process.stdin, crlfDelay: Infinity });
for await (const line of asked) {
  const file = JSON.parse(line);
  const said = { 'ical.js': attempt(byIcalJs, file), 'node-ical': attempt(byNodeIcal, file) };
  process.stdout.write(`${JSON.stringify(said)}\n`);
}

function attempt(read, file) {
  try {
    return read(file);
  } catch (error) {
    return { error: String(error) };
  }
}

function byIcalJs(file) {
  const calendar = new ICAL.Component(ICAL.parse(file));
  return {
    method: calendar.getFirstPropertyValue('method'),
    events: calendar.getAllSubcomponents().map((event) => {
      const value = (name) => event.getFirstPropertyValue(name);
      return {
        kind: event.name,
        uid: value('uid'),
        sequence: value('sequence'),
        status: value('status'),
        start: value('dtstart').toJSDate(),
        end: value('dtend').toJSDate(),
        summary: value('summary'),
        description: value('description'),
        location: value('location'),
        organizer: value('organizer'),
        attendees: event.getAllProperties('attendee').map((each) => each.getFirstValue()),
      };
    }),
  };
}

function byNodeIcal(file) {
  const { vcalendar, ...others } = nodeIcal.sync.parseICS(file);
  const components = Object.values(others).filter((each) => each.type); // the rest are the calendar's texts
  return {
    method: vcalendar.method,
    events: components.map((event) => ({
      kind: event.type.toLowerCase(),
      uid: event.uid,
      sequence: Number(event.sequence),
      status: event.status,
      start: event.start,
      end: event.end,
      summary: event.summary,
      description: event.description,
      location: event.location,
      organizer: plain(event.organizer),
      attendees: [event.attendee ?? []].flat().map(plain),
    })),
  };
}

// node-ical keeps a value with parameters as both, and one without as it is.
function plain(value) {
  return value?.val ?? value;
}
