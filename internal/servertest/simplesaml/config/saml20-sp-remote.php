<?php
$settings = json_decode(file_get_contents(__DIR__ . '/settings.json'), true);
$metadata = $settings['sp'];
