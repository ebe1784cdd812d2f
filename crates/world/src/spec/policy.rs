//! Group Policy: what a scenario says of it, and the rows of its settings.

use autoenroll_model::{Duration, PolicyServer};

use super::setting::{Field, Setting};

/// Group Policy as far as it concerns autoenrollment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySpec {
    /// `AEPolicy` of users; `None` when not configured.
    pub ae_policy: Option<u32>,
    /// `AEPolicy` of computers; `None` when not configured.
    pub machine_ae_policy: Option<u32>,
    /// Background refresh of users and of computers that are no domain controllers. Zero means 7 s ([MS-GPOL]
    /// 3.2.1.14).
    pub gp_interval: Duration,
    /// Upper bound of the random offset, itself never reached: 0 draws nothing.
    pub gp_offset: Duration,
    /// Background refresh of domain controllers.
    pub dc_interval: Duration,
    /// Whether there is a background refresh at all (`DisableBkGndGroupPolicy` absent).
    pub gp_background: bool,
    /// `PolicyServers`, for users and computers alike.
    pub policy_servers: Vec<PolicyServer>,
    /// `OfflineExpirationPercent`.
    pub expiration_percent: Option<u8>,
    /// `OfflineExpirationStoreNames`.
    pub expiration_stores: Vec<String>,
    /// `EnableBalloonNotifications`.
    pub expiration_balloons: bool,
    /// Templates of the Automatic Certificate Request Settings, for computers.
    pub automatic_requests: Vec<String>,
}

/// Everything on (`AEPolicy` 7), 90 minutes without offset, 5 minutes on controllers.
impl Default for PolicySpec {
    fn default() -> Self {
        Self {
            ae_policy: Some(7),
            machine_ae_policy: Some(7),
            gp_interval: Duration::minutes(90),
            gp_offset: Duration::ZERO,
            dc_interval: Duration::minutes(5),
            gp_background: true,
            policy_servers: Vec::new(),
            expiration_percent: None,
            expiration_stores: Vec::new(),
            expiration_balloons: false,
            automatic_requests: Vec::new(),
        }
    }
}

/// The longest interval between refreshes, in minutes ([MS-GPOL] 3.2.1.14).
const MOST_INTERVAL: u32 = 64_800;
/// The largest offset, in minutes ([MS-GPOL] note 10).
const MOST_OFFSET: u32 = 1_440;

impl PolicySpec {
    /// The keys of a policy that say whether and when runs come. A new one needs a row here or in
    /// [`PolicySpec::EXPIRATION`], and the place that reads the field.
    pub const REFRESH: &[Setting<Self>] = &[
        Setting {
            name: "ae-policy",
            attribute: None,
            in_world: Some("AEPolicy of users, and of computers unless those differ."),
            in_change: Some("AEPolicy of users; false is not configured."),
            field: Field::Bits(|policy| &mut policy.ae_policy),
        },
        Setting {
            name: "machine-ae-policy",
            attribute: None,
            in_world: Some("AEPolicy of computers."),
            in_change: Some("AEPolicy of computers; false is not configured."),
            field: Field::BitsAs("ae-policy", |policy| &mut policy.machine_ae_policy),
        },
        Setting {
            name: "gp-interval",
            attribute: None,
            in_world: Some("Background refresh."),
            in_change: Some("Time from one background refresh to the next."),
            field: Field::Minutes(MOST_INTERVAL, |policy| &mut policy.gp_interval),
        },
        Setting {
            name: "gp-offset",
            attribute: None,
            in_world: Some("Upper bound of the random offset."),
            in_change: Some("Upper bound of the random offset of background refreshes."),
            field: Field::Minutes(MOST_OFFSET, |policy| &mut policy.gp_offset),
        },
        Setting {
            name: "dc-interval",
            attribute: None,
            in_world: Some("Background refresh of domain controllers."),
            in_change: None,
            field: Field::Minutes(MOST_INTERVAL, |policy| &mut policy.dc_interval),
        },
        Setting {
            name: "gp-background",
            attribute: None,
            in_world: Some("Whether there is a background refresh."),
            in_change: Some("Whether there is a background refresh."),
            field: Field::Flag(|policy| &mut policy.gp_background),
        },
    ];

    /// The keys of a policy that say how the end of certificates is announced, and what computers request by
    /// themselves.
    pub const EXPIRATION: &[Setting<Self>] = &[
        Setting {
            name: "expiration-percent",
            attribute: None,
            in_world: Some("OfflineExpirationPercent."),
            in_change: None,
            field: Field::Percent(|policy| &mut policy.expiration_percent),
        },
        Setting {
            name: "expiration-stores",
            attribute: None,
            in_world: Some("OfflineExpirationStoreNames."),
            in_change: None,
            field: Field::Texts(|policy| &mut policy.expiration_stores),
        },
        Setting {
            name: "expiration-balloons",
            attribute: None,
            in_world: Some("EnableBalloonNotifications."),
            in_change: None,
            field: Field::Flag(|policy| &mut policy.expiration_balloons),
        },
        Setting {
            name: "automatic-requests",
            attribute: None,
            in_world: Some(
                "Version 1 templates that computers request by themselves (Automatic Certificate Request Settings).",
            ),
            in_change: Some(
                "Version 1 templates that computers request by themselves; an empty list is not configured.",
            ),
            field: Field::Templates(|policy| &mut policy.automatic_requests),
        },
    ];

    /// The row of that name.
    #[must_use]
    pub fn setting(name: &str) -> Option<&'static Setting<Self>> {
        Self::REFRESH.iter().chain(Self::EXPIRATION).find(|setting| setting.name == name)
    }
}
