// SPDX-License-Identifier: Apache-2.0

//! astarte-device-fdo as a program: `astarte-peer device-init DIR STATION SERIAL` and `astarte-peer onboard DIR SERIAL`.
//! All of the protocol is that crate's; this only gives it a folder.

use std::path::PathBuf;

use astarte_device_fdo::client::http::InitialClient;
use astarte_device_fdo::crypto::software::SoftwareCrypto;
use astarte_device_fdo::di::Di;
use astarte_device_fdo::rustls::{ClientConfig, RootCertStore};
use astarte_device_fdo::srv_info::SkipServiceInfo;
use astarte_device_fdo::storage::FileStorage;
use astarte_device_fdo::to1::To1;
use astarte_device_fdo::to2::To2;
use astarte_device_fdo::{Ctx, url::Url};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let folder = PathBuf::from(words.get(1).ok_or("which folder?")?);

    let mut storage = FileStorage::open(folder.clone()).await?;
    let mut crypto = SoftwareCrypto::create(FileStorage::open(folder).await?).await?;
    let provider = std::sync::Arc::new(astarte_device_fdo::rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let mut ctx = Ctx::new(&mut crypto, &mut storage, tls.clone());

    match words.as_slice() {
        ["device-init", _, station, serial] => {
            let client = InitialClient::create(Url::parse(station)?, tls)?;
            let di = Di::create(&mut ctx, client, "astarte", serial).await?;
            di.create_credentials(&mut ctx).await?;
        }
        ["onboard", _, serial] => {
            let credential = Di::read_existing(&mut ctx).await?.ok_or("not initialised")?;
            let redirect = To1::new(&credential).rv_owner(&mut ctx).await?;
            let to2 = To2::create(credential, redirect, serial, SkipServiceInfo {})?;
            let (done, ()) = to2.to2_change(&mut ctx).await?;
            done.done(&mut ctx).await?;
        }
        _ => return Err("device-init DIR STATION SERIAL, or onboard DIR SERIAL".into()),
    }
    Ok(())
}
