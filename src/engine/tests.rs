//! The engine's promises, each with a test that can fail.

use super::*;
use crate::units::{SimDuration, SimTime};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

const EARLY: Class = Class(0);
const LATE: Class = Class(9);

fn at(nanos: i64) -> SimTime {
    SimTime::from_nanos(nanos)
}

/// What a scripted event does besides being noted.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Note(u32),
    /// Schedules a note so many nanoseconds later in this class.
    Then(i64, Class, u32),
    /// Schedules itself again after so many nanoseconds.
    Forever(i64),
    /// Withdraws the key held in this place.
    Cancel(usize),
    Stop,
}

#[derive(Default)]
struct Script {
    seen: Vec<(i64, Act)>,
    keys: Vec<Key>,
    cancelled: Vec<bool>,
}

impl Model for Script {
    type Event = Act;

    fn handle(&mut self, event: Act, ctx: &mut Context<'_, Act>) {
        self.seen.push((ctx.now().as_nanos(), event));
        match event {
            Act::Note(_) => {}
            Act::Then(delay, class, note) => {
                ctx.schedule(at(ctx.now().as_nanos() + delay), class, Act::Note(note));
            }
            Act::Forever(delay) => ctx.schedule(at(ctx.now().as_nanos() + delay), EARLY, event),
            Act::Cancel(place) => {
                let gone = ctx.cancel(self.keys[place]);
                self.cancelled.push(gone);
            }
            Act::Stop => ctx.stop("enough"),
        }
    }
}

fn engine(limits: Limits, events: &[(i64, Class, Act)]) -> Engine<Script> {
    let mut engine = Engine::new(Script::default(), limits);
    engine.with_context(|model, ctx| {
        for &(time, class, act) in events {
            model.keys.push(ctx.schedule_keyed(at(time), class, act));
        }
    });
    engine
}

fn notes(engine: &Engine<Script>) -> Vec<u32> {
    let number = |&(_, act): &(i64, Act)| if let Act::Note(n) = act { Some(n) } else { None };
    engine.model().seen.iter().filter_map(number).collect()
}

#[test]
fn events_come_by_time_then_class_then_sequence() {
    let note = Act::Note;
    let events = [(7, LATE, note(4)), (7, LATE, note(5)), (7, EARLY, note(2)), (3, LATE, note(1)), (7, EARLY, note(3))];
    let mut engine = engine(Limits::default(), &events);
    engine.run_until(at(7)).unwrap();
    assert_eq!(notes(&engine), [1, 2, 3, 4, 5]);
    assert_eq!((engine.now(), engine.events(), engine.pending()), (at(7), 5, 0));
}

#[test]
fn a_zero_delay_joins_the_pending_events_by_class() {
    let events = [(5, Class(4), Act::Then(0, EARLY, 1)), (5, Class(4), Act::Then(0, LATE, 9)), (5, LATE, Act::Note(8))];
    let mut engine = engine(Limits::default(), &events);
    engine.run_until(at(5)).unwrap();
    assert_eq!(notes(&engine), [1, 8, 9]);
}

#[test]
fn a_run_ends_at_its_end_and_can_go_on() {
    let mut engine = engine(Limits::default(), &[(5, EARLY, Act::Note(1)), (6, EARLY, Act::Note(2))]);
    engine.run_until(at(5)).unwrap();
    assert_eq!((engine.now(), notes(&engine)), (at(5), vec![1]));
    engine.run_until(at(100)).unwrap();
    assert_eq!((engine.now(), notes(&engine)), (at(100), vec![1, 2]));
}

#[test]
fn a_key_withdraws_its_event_once_and_no_other() {
    let events = [
        (1, EARLY, Act::Cancel(3)),
        (2, EARLY, Act::Cancel(3)), // already withdrawn
        (3, EARLY, Act::Cancel(2)), // being handled
        (9, EARLY, Act::Note(1)),
        (9, EARLY, Act::Note(2)),
    ];
    let mut engine = engine(Limits::default(), &events);
    engine.run_until(at(4)).unwrap();
    assert_eq!((engine.model().cancelled.as_slice(), engine.pending()), (&[true, false, false][..], 1));
    // A key that outlived its event must not reach another.
    let stale = engine.model().keys[0];
    engine.with_context(|_, ctx| (0..8).for_each(|n| _ = ctx.schedule_keyed(at(10), EARLY, Act::Note(n))));
    assert!(!engine.with_context(|_, ctx| ctx.cancel(stale)));
    engine.run_until(at(10)).unwrap();
    assert_eq!(notes(&engine), [2, 0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn withdrawn_events_do_not_pile_up() {
    let mut engine = engine(Limits::default(), &[]);
    for round in 0..100_000 {
        engine.with_context(|_, ctx| {
            let key = ctx.schedule_keyed(at(1_000_000 + round), EARLY, Act::Note(0));
            assert!(ctx.cancel(key));
        });
    }
    assert_eq!(engine.pending(), 0);
    assert!(engine.entries() < 2_000, "{} dead entries are kept", engine.entries());
}

#[test]
#[should_panic(expected = "event Note(7) (class 9) scheduled at 0.000000004 s, which is before")]
fn the_past_is_refused_by_name() {
    let mut engine = engine(Limits::default(), &[]);
    engine.run_until(at(5)).unwrap();
    engine.with_context(|_, ctx| ctx.schedule(at(4), LATE, Act::Note(7)));
}

#[test]
fn a_loop_without_delay_is_an_error_that_names_its_events() {
    let limits = Limits { events_per_instant: 1000, ..Limits::default() };
    let mut engine = engine(limits, &[(1, EARLY, Act::Note(3)), (5, EARLY, Act::Forever(0))]);
    let error = engine.run_until(at(10)).unwrap_err();
    let EngineError::Instant { at: instant, limit: 1000, last } = &error else { panic!("{error:?}") };
    assert_eq!((*instant, last.len(), last[0].event.as_str()), (at(5), 8, "Forever(0)"));
    assert!(
        error.to_string().starts_with("more than 1000 events at one instant (0.000000005 s); the last were Forever")
    );
}

#[test]
fn the_limit_of_events_counts_all_instants_but_not_exactly_reaching_it() {
    let limits = Limits { events: 20, ..Limits::default() };
    let mut engine = engine(limits, &[(1, EARLY, Act::Forever(1))]);
    engine.run_until(at(20)).unwrap();
    let error = engine.run_until(at(30)).unwrap_err();
    assert!(matches!(error, EngineError::Events { at: instant, limit: 20, .. } if instant == at(21)), "{error}");
}

#[test]
fn a_stop_and_an_interrupt_end_the_run_where_it_stands_and_it_can_go_on() {
    let mut engine = engine(Limits::default(), &[(5, EARLY, Act::Stop), (5, EARLY, Act::Forever(1))]);
    let error = engine.run_until(at(10)).unwrap_err();
    assert_eq!(error, EngineError::Stopped { at: at(5), reason: "enough".into() });
    engine.run_until(at(10)).unwrap();
    assert_eq!((engine.now(), engine.events()), (at(10), 7));

    let flag = Arc::new(AtomicBool::new(true));
    engine.set_interrupt(flag.clone());
    let error = engine.run_until(at(1_000_000)).unwrap_err();
    assert!(matches!(error, EngineError::Interrupted { at: instant } if instant < at(10_000)));
    flag.store(false, std::sync::atomic::Ordering::Relaxed);
    engine.run_until(at(20_000)).unwrap();
    assert_eq!((engine.now(), engine.events()), (at(20_000), 20_000 - 5 + 2));
}

/// Notes what a probe sees: its instant and how many events had been handled.
struct Watch(std::sync::mpsc::Sender<(i64, usize)>);

impl Probe<Script> for Watch {
    fn sample(&mut self, at: SimTime, model: &mut Script) {
        self.0.send((at.as_nanos(), model.seen.len())).unwrap();
    }
}

#[test]
fn probes_fire_before_the_events_of_their_instant_and_after_the_last_event() {
    let (send, receive) = std::sync::mpsc::channel();
    let mut engine = engine(Limits::default(), &[(0, EARLY, Act::Note(0)), (10, EARLY, Act::Note(1))]);
    engine.add_probe(at(0), SimDuration::from_nanos(5), Box::new(Watch(send)));
    engine.run_until(at(10)).unwrap();
    engine.run_until(at(24)).unwrap();
    assert_eq!(receive.try_iter().collect::<Vec<_>>(), [(0, 0), (5, 1), (10, 1), (15, 2), (20, 2)]);
    assert_eq!((engine.events(), engine.now()), (2, at(24)));
}

#[test]
fn probes_do_not_change_the_course_of_a_run() {
    let events = [(0, EARLY, Act::Forever(3)), (0, LATE, Act::Forever(7)), (4, EARLY, Act::Then(0, LATE, 1))];
    let run = |probed: bool| {
        let (send, _receive) = std::sync::mpsc::channel();
        let mut engine = engine(Limits::default(), &events);
        if probed {
            engine.add_probe(at(3), SimDuration::from_nanos(2), Box::new(Watch(send)));
        }
        engine.run_until(at(1000)).unwrap();
        (engine.events(), engine.into_model().seen)
    };
    assert_eq!(run(false), run(true));
}

#[test]
fn permuted_ties_change_the_order_within_a_class_only_and_can_be_repeated() {
    let events: Vec<_> = (0..40).map(|n| (5 + i64::from(n / 20), Class((n / 10 % 2) as u8), Act::Note(n))).collect();
    let run = |seed: Option<u64>| {
        let mut engine = Engine::new(Script::default(), Limits::default());
        seed.into_iter().for_each(|seed| engine.permute_ties(seed));
        engine.with_context(|_, ctx| events.iter().for_each(|&(t, class, act)| ctx.schedule(at(t), class, act)));
        engine.run_until(at(10)).unwrap();
        notes(&engine)
    };
    let (plain, one, two) = (run(None), run(Some(1)), run(Some(2)));
    assert_eq!(plain, (0..40).collect::<Vec<_>>());
    assert!(plain != one && one != two);
    assert_eq!(one, run(Some(1)));
    for (chunk, expected) in one.chunks(10).zip(plain.chunks(10)) {
        let mut sorted = chunk.to_vec();
        sorted.sort_unstable();
        assert_eq!(sorted, expected, "only the ten of one time and class change places");
    }
}
