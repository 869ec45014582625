//! Dates in queries. Written ones are read in the calling person's time zone, to the minute; a bare number is
//! milliseconds since 1970 and has no zone.

use chrono::{
    DateTime, Datelike as _, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc,
};
use chrono_tz::Tz;

use super::Operand;
use crate::world::Millis;

const WITH_TIME: [&str; 2] = ["%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M"];
const WITHOUT_TIME: [&str; 2] = ["%Y-%m-%d", "%Y/%m/%d"];

/// The moment that an operand means, if it means one.
pub fn moment(operand: &Operand, now: DateTime<Utc>, zone: Tz) -> Option<Millis> {
    match operand {
        Operand::Text { text, quoted } => {
            epoch(text, *quoted).or_else(|| relative(text, now)).or_else(|| written(text, zone))
        }
        Operand::Function { name, arguments } => {
            function(name, arguments.first().map(String::as_str), now, zone)
        }
        Operand::Empty => None,
    }
}

fn epoch(text: &str, quoted: bool) -> Option<Millis> {
    // Four digits and less would be years or typing errors.
    if quoted || text.len() < 9 { None } else { text.parse().ok() }
}

/// `-5d`, `4w 2d`, `-90m`: before or after now.
fn relative(text: &str, now: DateTime<Utc>) -> Option<Millis> {
    let (sign, parts) = match text.strip_prefix('-') {
        Some(parts) => (-1, parts),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut minutes: i64 = 0;
    for part in parts.split_whitespace() {
        let (number, unit) = part.split_at_checked(part.len().checked_sub(1)?)?;
        let factor = match unit {
            "w" => 7 * 24 * 60,
            "d" => 24 * 60,
            "h" => 60,
            "m" => 1,
            _ => return None,
        };
        minutes = minutes.checked_add(number.parse::<u32>().ok().map(i64::from)?.checked_mul(factor)?)?;
    }
    if parts.trim().is_empty() {
        return None;
    }
    now.checked_add_signed(TimeDelta::try_minutes(sign * minutes)?).map(|at| at.timestamp_millis())
}

fn written(text: &str, zone: Tz) -> Option<Millis> {
    let with_time = WITH_TIME.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let date = || WITHOUT_TIME.iter().find_map(|format| NaiveDate::parse_from_str(text, format).ok());
    let local = with_time.or_else(|| date().map(|date| date.and_time(NaiveTime::MIN)))?;
    in_zone(local, zone)
}

/// `startOfDay()`, `endOfMonth("-1")` and their like, `now()`.
fn function(name: &str, argument: Option<&str>, now: DateTime<Utc>, zone: Tz) -> Option<Millis> {
    let name = name.to_ascii_lowercase();
    if name == "now" {
        return Some(now.timestamp_millis());
    }
    let (end, unit) = match name.strip_prefix("startof") {
        Some(unit) => (false, unit),
        None => (true, name.strip_prefix("endof")?),
    };
    let shift: i32 = match argument {
        None => 0,
        Some(text) => text
            .trim_end_matches(|unit: char| unit.is_ascii_alphabetic())
            .trim_start_matches('+')
            .parse()
            .ok()?,
    };
    let steps = shift.checked_add(i32::from(end))?;
    let today = zone.from_utc_datetime(&now.naive_utc()).date_naive();
    let day = match unit {
        "day" => add_days(today, steps)?,
        "week" => {
            // Weeks begin on Sunday.
            let sunday = add_days(today, -i32::try_from(today.weekday().num_days_from_sunday()).ok()?)?;
            add_days(sunday, steps.checked_mul(7)?)?
        }
        "month" => add_months(today.with_day(1)?, steps)?,
        "year" => add_months(today.with_day(1)?.with_month(1)?, steps.checked_mul(12)?)?,
        _ => return None,
    };
    // The end of a day is the last moment before the next one.
    in_zone(day.and_time(NaiveTime::MIN), zone).map(|at| at - i64::from(end))
}

fn add_days(day: NaiveDate, count: i32) -> Option<NaiveDate> {
    let days = Days::new(u64::from(count.unsigned_abs()));
    if count < 0 { day.checked_sub_days(days) } else { day.checked_add_days(days) }
}

fn add_months(day: NaiveDate, count: i32) -> Option<NaiveDate> {
    let months = Months::new(count.unsigned_abs());
    if count < 0 { day.checked_sub_months(months) } else { day.checked_add_months(months) }
}

/// The first of the moments that a local time means; an hour later where the clock jumps over it.
fn in_zone(local: NaiveDateTime, zone: Tz) -> Option<Millis> {
    let at = zone.from_local_datetime(&local).earliest();
    let at = at.or_else(|| zone.from_local_datetime(&(local + TimeDelta::hours(1))).earliest())?;
    Some(at.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use chrono_tz::{America::New_York, Europe::Berlin};
    use rstest::rstest;

    use super::*;

    const NOW: Millis = 1_774_972_800_000; // 2026-03-31T16:00:00Z, 18:00 in Berlin

    #[rstest]
    #[case("2026-03-31", Berlin, "2026-03-30T22:00:00Z")]
    #[case("2026-03-31", New_York, "2026-03-31T04:00:00Z")]
    #[case("2026/03/31 09:15", Berlin, "2026-03-31T07:15:00Z")]
    #[case("2026-03-29 02:30", Berlin, "2026-03-29T01:30:00Z")]
    #[case("-90m", Berlin, "2026-03-31T14:30:00Z")]
    #[case("-1w 1d", Berlin, "2026-03-23T16:00:00Z")]
    #[case("1774972800001", Berlin, "2026-03-31T16:00:00.001Z")]
    fn literals(#[case] text: &str, #[case] zone: Tz, #[case] expected: DateTime<Utc>) {
        let operand = Operand::Text { text: String::from(text), quoted: false };
        let now = DateTime::from_timestamp_millis(NOW).expect("a time");
        assert_eq!(moment(&operand, now, zone), Some(expected.timestamp_millis()));
    }

    #[rstest]
    #[case("startOfDay", None, "2026-03-30T22:00:00Z")]
    #[case("endOfDay", None, "2026-03-31T21:59:59.999Z")]
    #[case("startOfWeek", None, "2026-03-28T23:00:00Z")]
    #[case("startOfMonth", Some("-1"), "2026-01-31T23:00:00Z")]
    #[case("startOfYear", None, "2025-12-31T23:00:00Z")]
    fn functions(#[case] name: &str, #[case] argument: Option<&str>, #[case] expected: DateTime<Utc>) {
        let arguments = argument.map(String::from).into_iter().collect();
        let operand = Operand::Function { name: String::from(name), arguments };
        let now = DateTime::from_timestamp_millis(NOW).expect("a time");
        assert_eq!(moment(&operand, now, Berlin), Some(expected.timestamp_millis()));
    }

    #[rstest]
    #[case("yesterday")]
    #[case("2026-13-01")]
    #[case("-5x")]
    #[case("")]
    #[case("-")]
    #[case("2026")]
    #[case("é")]
    fn nonsense_means_no_moment(#[case] text: &str) {
        let operand = Operand::Text { text: String::from(text), quoted: false };
        assert_eq!(moment(&operand, DateTime::UNIX_EPOCH, Berlin), None);
    }
}
